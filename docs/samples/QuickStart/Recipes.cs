// Two networks and their training options: a very small one for generated photos, a small one for real photos.
using Microsoft.ML.VisionTransformer;

namespace QuickStart;

internal static class Recipes
{
    internal const int GeneratedPhotosEpochs = 24, GeneratedPhotosImageSize = 48, YourPhotosEpochs = 60, YourPhotosImageSize = 96;

    /// <summary>
    /// 0.36 million parameters, 50 tokens per image. Patches overlap, the head uses the average of the patches, and position embeddings are fixed. From
    /// scratch, this needs fewer epochs than a class token with learned position embeddings.
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

    /// <summary>ViT-Ti with half its depth, 65 tokens per image.</summary>
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
