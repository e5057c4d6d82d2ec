// The class that judges a model.
namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class EvaluateCode
{
    internal static string Of(ScaffoldModel model) =>
        $$"""
        // Judges {{model.Name}}.zip on labelled images. Made by mlnet-vit scaffold; yours to change.
        using System.Globalization;
        using Microsoft.ML;
        using Microsoft.ML.Data;

        namespace {{model.Namespace}};

        public partial class {{model.Name}}
        {
            /// <summary>The figures of the model on folder/class/image.</summary>
            public static MulticlassClassificationMetrics Evaluate(string folder) => Evaluate(folder, ModelPath);

            /// <summary>The figures of a model file on folder/class/image.</summary>
            public static MulticlassClassificationMetrics Evaluate(string folder, string modelPath)
            {
                var mlContext = new MLContext();
                var model = mlContext.Model.Load(modelPath, out _);
                using (model as IDisposable)
                    return mlContext.MulticlassClassification.Evaluate(model.Transform(LoadImages(mlContext, folder)), labelColumnName: {{CodeValue.Text(model.LabelColumn)}});
            }

            /// <summary>The figures and the confusion table, for a console.</summary>
            public static void Print(MulticlassClassificationMetrics metrics, TextWriter output)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accuracy {metrics.MicroAccuracy:P1}, mean of the classes {metrics.MacroAccuracy:P1}, log loss {metrics.LogLoss:F3}"));
                output.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());
            }
        }

        """;
}
