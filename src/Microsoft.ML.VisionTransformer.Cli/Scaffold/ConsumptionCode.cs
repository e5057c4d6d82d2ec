// The class that predicts.
namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class ConsumptionCode
{
    internal static string Of(ScaffoldModel model) =>
        $$"""
        // Predicts with {{model.Name}}.zip: input, output, one lazy engine, and scores with their labels. Made by mlnet-vit scaffold; yours to change.
        using Microsoft.ML;
        using Microsoft.ML.Data;

        namespace {{model.Namespace}};

        public partial class {{model.Name}}
        {
            /// <summary>The image to look at; the label is what training and evaluation know of it.</summary>
            public class ModelInput
            {
                [ColumnName({{CodeValue.Text(model.ImageColumn)}})]
                public {{model.ImageType}} Image { get; set; } = {{model.ImageDefault}};

                [ColumnName({{CodeValue.Text(model.LabelColumn)}})]
                public string Label { get; set; } = "";

                /// <summary>The input for an image file.</summary>
                public static ModelInput FromFile(string path) => new() { Image = {{model.FromFile}} };
            }

            /// <summary>The most probable class, and the probability of each.</summary>
            public class ModelOutput
            {
                [ColumnName("PredictedLabel")]
                public string PredictedLabel { get; set; } = "";

                [ColumnName("Score")]
                public float[] Score { get; set; } = [];
            }

            /// <summary>Where the model lies: beside the program.</summary>
            public static string ModelPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "{{model.Name}}.zip");

            /// <summary>Loaded at its first use. An engine serves one thread at a time.</summary>
            public static readonly Lazy<PredictionEngine<ModelInput, ModelOutput>> PredictEngine = new(CreateEngine, isThreadSafe: true);

            private static readonly Lock _oneAtATime = new();

            /// <summary>The most probable class and all scores.</summary>
            public static ModelOutput Predict(ModelInput input)
            {
                lock (_oneAtATime)
                    return PredictEngine.Value.Predict(input);
            }

            /// <summary>Each class with its probability, the most probable first.</summary>
            public static IOrderedEnumerable<KeyValuePair<string, float>> PredictAllLabels(ModelInput input) => SortedScores(Predict(input));

            /// <summary>The scores of a prediction with their classes, the most probable first.</summary>
            public static IOrderedEnumerable<KeyValuePair<string, float>> SortedScores(ModelOutput output) =>
                Labels().Zip(output.Score, (label, score) => new KeyValuePair<string, float>(label, score)).OrderByDescending(pair => pair.Value);

            /// <summary>The classes, in the order of the scores.</summary>
            public static IReadOnlyList<string> Labels()
            {
                VBuffer<ReadOnlyMemory<char>> names = default;
                PredictEngine.Value.OutputSchema["Score"].GetSlotNames(ref names);
                return [.. names.DenseValues().Select(name => name.ToString())];
            }

            private static PredictionEngine<ModelInput, ModelOutput> CreateEngine()
            {
                var mlContext = new MLContext();
                var model = mlContext.Model.Load(ModelPath, out _);
                return mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(model);
            }
        }

        """;
}
