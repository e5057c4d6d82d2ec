// How wide the embeddings of a network are.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Network;

internal static class FeatureWidths
{
    /// <summary>Numbers of an embedding of that kind.</summary>
    /// <exception cref="ArgumentException">The network cannot give it.</exception>
    internal static int WidthOf(this VisionTransformerArchitecture architecture, FeatureKind kind)
    {
        bool readsClassToken = Guard.Defined(kind) is FeatureKind.ClassToken or FeatureKind.ClassTokenAndAverage;
        Guard.That(
            architecture.ClassToken || !readsClassToken,
            nameof(kind),
            $"The features asked for are {kind}, but {architecture.Name} has no class token. Take {nameof(FeatureKind.Pooled)} or {nameof(FeatureKind.Average)}.");
        Guard.That(
            architecture.Pooling != TokenPooling.None || kind != FeatureKind.Pooled,
            nameof(kind),
            $"{architecture.Name} does not pool its tokens, so there are no {nameof(FeatureKind.Pooled)} features. Take {nameof(FeatureKind.ClassToken)} or {nameof(FeatureKind.Average)}.");
        Guard.That(
            architecture.Classes > 0 || kind != FeatureKind.HeadOutput,
            nameof(kind),
            $"The features asked for are {kind}, but {architecture.Name} has no head. Take {nameof(FeatureKind.Pooled)}.");
        return kind switch
        {
            FeatureKind.HeadOutput => architecture.Classes,
            FeatureKind.Pooled => architecture.FeatureDimension,
            FeatureKind.ClassTokenAndAverage => 2 * architecture.EmbeddingDimension,
            _ => architecture.EmbeddingDimension,
        };
    }
}
