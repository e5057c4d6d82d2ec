// Turns decoded pixels upright while they are copied to RGB.
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>The eight orientations of EXIF (tag 0x0112): where the stored rows and columns begin, and whether they are swapped.</summary>
internal static class ExifOrientation
{
    private const int StoredChannels = 4;

    /// <summary>Whether the stored rows are the upright image's columns.</summary>
    internal static bool SwapsSides(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    /// <summary>RGBA pixels as stored, [height, width, 4], to the upright image; alpha is dropped.</summary>
    internal static RgbImage Upright(ReadOnlySpan<byte> rgba, int width, int height, SKEncodedOrigin origin)
    {
        bool swapped = SwapsSides(origin);
        bool fromRight = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        bool fromBottom = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        int first = ((fromBottom ? height - 1 : 0) * width + (fromRight ? width - 1 : 0)) * StoredChannels;
        int alongRow = (fromRight ? -1 : 1) * StoredChannels, alongColumn = (fromBottom ? -1 : 1) * width * StoredChannels;
        var upright = swapped ? new RgbImage(height, width) : new RgbImage(width, height);
        var (stepX, stepY) = swapped ? (alongColumn, alongRow) : (alongRow, alongColumn);
        for (int y = 0; y < upright.Height; y++)
            CopyLine(rgba, first + y * stepY, stepX, upright.Row(y));
        return upright;
    }

    private static void CopyLine(ReadOnlySpan<byte> rgba, int from, int step, Span<byte> target)
    {
        int to = 0;
        if (step == StoredChannels)
        {
            // Most images are stored upright: four pixels at once. The four bytes too many are written over by the next ones.
            var colors = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15);
            for (; to <= target.Length - Vector128<byte>.Count; to += 4 * RgbImage.Channels, from += Vector128<byte>.Count)
                Vector128.Shuffle(Vector128.Create(rgba[from..]), colors).CopyTo(target[to..]);
        }

        for (; to < target.Length; to += RgbImage.Channels, from += step)
        {
            var pixel = rgba.Slice(from, RgbImage.Channels);
            target[to] = pixel[0];
            target[to + 1] = pixel[1];
            target[to + 2] = pixel[2];
        }
    }
}
