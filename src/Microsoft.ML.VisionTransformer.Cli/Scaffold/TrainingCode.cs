// The class that trains such a model again.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class TrainingCode
{
    internal static string Of(ScaffoldModel model) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        // Trains a model like {{model.Name}}.zip. Made by mlnet-vit scaffold; yours to change.
        using Microsoft.ML;
        using Microsoft.ML.VisionTransformer;

        namespace {{model.Namespace}};

        public partial class {{model.Name}}
        {
            /// <summary>Trains on folder/class/image and saves the model.</summary>
            /// <param name="folder">The images.</param>
            /// <param name="modelPath">Where the model goes.</param>
            public static void Train(string folder, string modelPath)
            {
                var mlContext = new MLContext(seed: 0);
                var images = LoadImages(mlContext, folder);
                var model = BuildPipeline(mlContext).Fit(images);
                mlContext.Model.Save(model, images.Schema, modelPath);
                (model as IDisposable)?.Dispose();
            }

            /// <summary>The images of folder/class/image as rows.</summary>
            public static IDataView LoadImages(MLContext mlContext, string folder)
            {
                var found = mlContext.Data.LoadImagesFromFolder(folder);
                var rows = mlContext.Data.CreateEnumerable<ImageFile>(found, reuseRowObject: false)
                    .Select(file => new ModelInput { Image = ModelInput.FromFile(file.ImagePath).Image, Label = file.Label });
                return mlContext.Data.LoadFromEnumerable(rows);
            }

            /// <summary>The steps from images and labels to a model. What the model file does not know has the trainer's defaults; add a PretrainedModel to start from one.</summary>
            public static IEstimator<ITransformer> BuildPipeline(MLContext mlContext) =>
                mlContext.Transforms.Conversion.MapValueToKey({{CodeValue.Text(model.LabelColumn)}})
        {{(model.TakesBytes ? "" : $"            .Append(mlContext.Transforms.LoadRawImageBytes({CodeValue.Text(model.FeatureColumn)}, imageFolder: null, {CodeValue.Text(model.ImageColumn)}))\n")}}            .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
                    {
                        LabelColumnName = {{CodeValue.Text(model.LabelColumn)}},
                        FeatureColumnName = {{CodeValue.Text(model.FeatureColumn)}},
                        Arch = {{model.Architecture}},
                        Epoch = {{model.Epochs}},
                    }))
                    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

            private sealed class ImageFile
            {
                public string ImagePath { get; set; } = "";

                public string Label { get; set; } = "";
            }
        }

        """);
}
