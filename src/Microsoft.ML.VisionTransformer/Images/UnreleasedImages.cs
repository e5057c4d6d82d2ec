// Keeps the native memory of images that nobody disposes within a bound.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// An <see cref="MLImage"/> that was read from a column may be the caller's own, even behind a transform, so it is not ours to dispose. Most are made for one row and are garbage after
/// it, but the collector sees a few bytes of each and not its pixels. So it is asked to collect whenever this many pixels have been read. For one thread.
/// </summary>
internal sealed class UnreleasedImages
{
    /// <summary>Bytes of pixels between two collections: seldom enough to cost nothing beside decoding.</summary>
    internal const long MostBytes = 256L << 20;

    private const int BytesPerPixel = 4;

    private long _bytes;

    /// <summary>Counts an image that has been read.</summary>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    internal void Add(int width, int height)
    {
        _bytes += (long)width * height * BytesPerPixel;
        if (_bytes < MostBytes)
            return;
        _bytes = 0;
        GC.Collect(1);    // they are young
        GC.WaitForPendingFinalizers();
    }
}
