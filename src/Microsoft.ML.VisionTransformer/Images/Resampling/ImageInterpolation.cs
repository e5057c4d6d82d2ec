// The choice of resampling kernels.
namespace Microsoft.ML.VisionTransformer;

/// <summary>The kernel that resizes images. All kernels are antialiased when they shrink an image.</summary>
/// <seealso cref="ImagePreprocessing"/>
public enum ImageInterpolation
{
    /// <summary>A triangle with radius 1.</summary>
    Bilinear,

    /// <summary>A cubic convolution with a = -0.5 and radius 2.</summary>
    Bicubic,

    /// <summary>A windowed sinc with radius 3.</summary>
    Lanczos,
}
