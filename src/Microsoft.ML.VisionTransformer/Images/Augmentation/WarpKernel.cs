// How a warped pixel is made of the pixels around its source point.
namespace Microsoft.ML.VisionTransformer.Images;

internal enum WarpKernel
{
    /// <summary>The pixel that the point lies in.</summary>
    Nearest,

    /// <summary>2 x 2 pixels.</summary>
    Bilinear,

    /// <summary>4 x 4 pixels.</summary>
    Bicubic,
}
