// Which embedding of an image is wanted.
namespace Microsoft.ML.VisionTransformer;

/// <summary>Which embedding of an image a network gives; D is its embedding dimension. All are taken behind the final norm.</summary>
public enum FeatureKind
{
    /// <summary>What the network's own head sees, of width D for most: the class token, the mean, the attention pool.</summary>
    Pooled,

    /// <summary>The class token, D.</summary>
    ClassToken,

    /// <summary>The mean of the patch tokens, D.</summary>
    Average,

    /// <summary>The class token and the mean of the patch tokens side by side, 2 D (DINOv2's linear classifier, arXiv:2304.07193).</summary>
    ClassTokenAndAverage,

    /// <summary>What leaves the head: logits, or for the image tower of a CLIP model the embedding that it shares with texts.</summary>
    HeadOutput,
}
