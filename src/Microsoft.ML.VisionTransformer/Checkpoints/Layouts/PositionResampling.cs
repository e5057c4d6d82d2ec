// The methods with which frameworks resample learned positions to another patch grid.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>
/// The methods with which frameworks resample learned positions to another patch grid. <c>Fitting/AxisTaps</c> has the formulas.
/// </summary>
internal enum PositionResampling
{
    /// <summary>timm: bicubic with a = -0.5, antialiased. Hugging Face's DINOv2 with registers does the same.</summary>
    Timm,

    /// <summary>Hugging Face's ViT, DeiT and DINOv2: bicubic with a = -0.75, not antialiased.</summary>
    HuggingFace,

    /// <summary>
    /// DINOv2's own code for models without registers: same as <see cref="HuggingFace"/>, but 0.1 is added to the new size to compute the scale.
    /// </summary>
    Dinov2Original,

    /// <summary>timm when loading Google's .npz files: bilinear, not antialiased.</summary>
    Bilinear,

    /// <summary>Google's own JAX code: bilinear with aligned corners.</summary>
    CornersAligned,
}
