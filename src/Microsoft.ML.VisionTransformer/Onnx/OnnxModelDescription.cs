// What is written to an ONNX file, apart from how.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>A network and what surrounds it.</summary>
/// <param name="Architecture">Its shape.</param>
/// <param name="Preprocessing">How its images are made.</param>
/// <param name="Values">The values of the tensor of that name, row-major; asked for when they are written, and for some twice.</param>
internal sealed record OnnxModelDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    Func<string, ReadOnlyMemory<float>> Values)
{
    /// <summary>Names of the classes; null where there are none.</summary>
    internal IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>What logits are divided by before the softmax. Default 1.</summary>
    internal double Temperature { get; init; } = 1;

    /// <summary>Which embedding the output of that name is. Default what the head sees.</summary>
    internal FeatureKind Embedding { get; init; } = FeatureKind.Pooled;

    /// <summary>Whether embeddings are scaled to length 1.</summary>
    internal bool NormalizesEmbedding { get; init; }
}
