// A model to try the service with: it recognizes the color of an image and trains in a few seconds.
using Microsoft.ML;
using Microsoft.ML.VisionTransformer;

namespace WebService;

internal static class DemoModel
{
    private const int ImagesPerColor = 40;

    internal static ITransformer Train(MLContext context)
    {
        Console.WriteLine("No --Model was given: training a small one that recognizes colors.");
        var random = new Random(1);
        var images = Enumerable.Range(0, ImagesPerColor)
            .SelectMany(_ => DemoImages.Colors.Keys)
            .Select(color => new LabeledImage { Image = DemoImages.Paint(color, random), Label = color })
            .ToArray();
        var data = context.Data.LoadFromEnumerable(images);
        return context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.MulticlassClassification.Trainers.VisionTransformer(Recipe()))
            .Fit(data);
    }

    private static VisionTransformerTrainer.Options Recipe() => new()
    {
        FeatureColumnName = nameof(LabeledImage.Image),
        Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = 32,
            PatchSize = 8,
            Depth = 2,
            EmbeddingDimension = 48,
            Heads = 3,
            Pooling = TokenPooling.Average,
        },
        Strategy = TrainingStrategy.FromScratch,
        Epoch = 10,
        BatchSize = 16,
        LearningRate = 2e-3f,
        RandomCropMinimumArea = 0.5f,
    };

    private sealed class LabeledImage
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
