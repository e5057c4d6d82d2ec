// The ready-made sets of random operations.
namespace Microsoft.ML.VisionTransformer;

/// <summary>A set of random operations on the pixels of a cropped image.</summary>
public enum AugmentationPolicy
{
    /// <summary>None.</summary>
    None,

    /// <summary>A few operations of a chosen strength (arXiv:1909.13719), with timm's <c>inc1</c> operations.</summary>
    RandAugment,

    /// <summary>One operation of a random strength (arXiv:2103.10158), as torchvision's <c>TrivialAugmentWide</c>.</summary>
    TrivialAugmentWide,

    /// <summary>One of grey, solarized and blurred (DeiT-3, arXiv:2204.07118).</summary>
    ThreeAugment,
}
