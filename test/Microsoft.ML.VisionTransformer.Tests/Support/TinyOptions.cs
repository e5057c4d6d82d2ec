// A network and options with which training takes a second, from the public API only.
namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class TinyOptions
{
    internal static VisionTransformerArchitecture Architecture { get; } = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
    {
        ImageSize = 16,
        PatchSize = 8,
        Depth = 2,
        EmbeddingDimension = 24,
        Heads = 2,
    };

    internal static VisionTransformerTrainer.Options Make(int epochs = 1) => new()
    {
        FeatureColumnName = "Image",
        Arch = Architecture,
        Epoch = epochs,
        BatchSize = 8,
        LearningRate = 3e-3f,
        RandomCropMinimumArea = 0.5f,
    };
}
