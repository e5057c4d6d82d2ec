// Two networks with their training: a very small one for generated photos, a small one for real photos.
using Microsoft.ML.VisionTransformer;

namespace QuickStart;

internal static class Recipes
{
    internal const int GeneratedPhotosEpochs = 24, GeneratedPhotosImageSize = 48, YourPhotosEpochs = 60, YourPhotosImageSize = 96;

    /// <summary>
    /// 0.36 million weights, 50 tokens an image. Patches overlap, and the head sees the mean of the patches at fixed positions: from scratch
    /// that learns in fewer epochs than the class token at learned positions.
    /// </summary>
    internal static VisionTransformerTrainer.Options ForGeneratedPhotos(Arguments arguments) => new()
    {
        Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = arguments.ImageSize ?? GeneratedPhotosImageSize,
            PatchSize = 8,
            PatchStride = 6,
            Depth = 3,
            EmbeddingDimension = 96,
            Heads = 3,
            Pooling = TokenPooling.Average,
            PositionEmbedding = PositionEmbedding.SinCos2D,
        },
        Strategy = TrainingStrategy.FromScratch,
        Epoch = arguments.Epochs ?? GeneratedPhotosEpochs,
        BatchSize = 32,
        LearningRate = 2e-3f,
        RandomCropMinimumArea = 0.6f,
    };

    /// <summary>ViT-Ti at half its depth, 65 tokens an image.</summary>
    internal static VisionTransformerTrainer.Options ForYourPhotos(Arguments arguments) => new()
    {
        Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = arguments.ImageSize ?? YourPhotosImageSize,
            PatchSize = 12,
            Depth = 6,
            Pooling = TokenPooling.Average,
            PositionEmbedding = PositionEmbedding.SinCos2D,
        },
        Strategy = TrainingStrategy.FromScratch,
        Epoch = arguments.Epochs ?? YourPhotosEpochs,
        BatchSize = 16,
        LearningRate = 5e-4f,
        RandomCropMinimumArea = 0.35f,
    };
}
