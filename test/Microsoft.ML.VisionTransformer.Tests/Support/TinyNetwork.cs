// A network small enough for any test, with different sizes for all dimensions, which reveals swapped axes.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class TinyNetwork
{
    /// <summary>Images 2 x 10 x 21, patches 5 x 7 in a grid 2 x 3 (7 tokens), D 12, 3 heads, hidden 18, 2 blocks, 5 classes.</summary>
    internal static VisionTransformerArchitecture Architecture { get; } = new()
    {
        Name = "tiny",
        ImageSize = (10, 21),
        PatchSize = (5, 7),
        Channels = 2,
        Classes = 5,
        EmbeddingDimension = 12,
        Heads = 3,
        Depth = 2,
        MlpRatio = 1.5,
    };

    /// <summary><see cref="Architecture"/> with every kind of dropout.</summary>
    internal static VisionTransformerArchitecture Noisy { get; } = Architecture with
    {
        EmbeddingDropoutRate = 0.1,
        AttentionDropoutRate = 0.2,
        ProjectionDropoutRate = 0.3,
        DropPathRate = 0.4,
    };

    /// <summary>Images for <see cref="Architecture"/> that differ from each other: [N, 2, 10, 21], values in [-1, 1].</summary>
    internal static Tensor Images(int count) => linspace(0, 97 * count, count * 2 * 10 * 21).sin().reshape(count, 2, 10, 21);
}
