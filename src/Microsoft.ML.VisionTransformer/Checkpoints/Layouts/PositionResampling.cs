// The ways in which frameworks stretch a table of learned positions over another grid of patches.
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>
/// The ways in which frameworks stretch a table of learned positions over another grid of patches. Which framework's numbers are wanted; <see cref="AxisTaps"/>
/// has the formulas.
/// </summary>
internal enum PositionResampling
{
    /// <summary>timm: bicubic with a = -0.5, antialiased. Hugging Face's DINOv2 with registers does the same.</summary>
    Timm,

    /// <summary>Hugging Face's ViT, DeiT and DINOv2: bicubic with a = -0.75, not antialiased.</summary>
    HuggingFace,

    /// <summary>DINOv2's own code, models without registers: as <see cref="HuggingFace"/>, 0.1 added to the wanted size where the scale is computed.</summary>
    Dinov2Original,

    /// <summary>timm where it loads Google's .npz files: bilinear, not antialiased.</summary>
    Bilinear,

    /// <summary>Google's own JAX code: bilinear, corners mapped onto corners.</summary>
    CornersAligned,
}
