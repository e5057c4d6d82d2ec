// A small network to try the search with. It learns the subfolders of the photos in some seconds, so it knows these photos: a pretrained one finds more.
using Microsoft.ML;
using Microsoft.ML.VisionTransformer;

namespace PhotoSearch;

internal static class SmallNetwork
{
    internal static ITransformer Train(MLContext context, string folder)
    {
        Console.WriteLine("No --model was given: training a small network on the photos.");
        var photos = context.Data.LoadImagesFromFolder(folder);
        return context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
            {
                FeatureColumnName = "ImagePath",
                Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 32, PatchSize = 8, Depth = 2, EmbeddingDimension = 48, Heads = 3, Pooling = TokenPooling.Average },
                Strategy = TrainingStrategy.FromScratch,
                Epoch = 10,
                BatchSize = 16,
                LearningRate = 2e-3f,
                RandomCropMinimumArea = 0.5f,
            }))
            .Fit(photos);
    }
}
