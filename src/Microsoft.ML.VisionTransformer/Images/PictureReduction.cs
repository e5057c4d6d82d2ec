// How far a large JPEG may be reduced while it is decoded.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// A JPEG can be decoded at 1/2, 1/4 and 1/8 of its sides, which costs a fraction of the time. The decoder's reduction is coarse: enough must be
/// left for the antialiased resize to do the fine work.
/// </summary>
internal static class PictureReduction
{
    /// <summary>What is decoded has at least this many times the pixels of the result along each side.</summary>
    private const int LeastSurplus = 2;

    private static readonly int[] _divisors = [8, 4, 2];

    /// <summary>The largest divisor that leaves twice the result's pixels along both sides, or 1.</summary>
    /// <param name="width">Pixels that are resized, before reduction.</param>
    /// <param name="height">Rows of them.</param>
    /// <param name="resizedWidth">Pixels that they are resized to.</param>
    /// <param name="resizedHeight">Rows of them.</param>
    internal static int Of(long width, long height, long resizedWidth, long resizedHeight)
    {
        foreach (int divisor in _divisors)
        {
            if (width / divisor >= LeastSurplus * resizedWidth && height / divisor >= LeastSurplus * resizedHeight)
                return divisor;
        }

        return 1;
    }
}
