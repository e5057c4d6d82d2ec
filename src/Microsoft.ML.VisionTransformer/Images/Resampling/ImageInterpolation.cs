// The choice of resampling kernels.
namespace Microsoft.ML.VisionTransformer;

/// <summary>A resampling kernel, always antialiased when shrinking.</summary>
public enum ImageInterpolation
{
    /// <summary>Triangle, radius 1.</summary>
    Bilinear,

    /// <summary>Cubic convolution with a = -0.5, radius 2.</summary>
    Bicubic,

    /// <summary>Windowed sinc, radius 3.</summary>
    Lanczos,
}
