// Corrections of decoded pixels: EXIF orientation, and the colors of transparent GIF pixels.
using System.Runtime.Intrinsics;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images.Decoding;

/// <summary>The eight orientations of EXIF (tag 0x0112): where the stored rows and columns start, and whether they are swapped.</summary>
internal static class ExifOrientation
{
    internal const int StoredChannels = 4;

    /// <summary>Whether the stored rows are the upright image's columns.</summary>
    internal static bool SwapsSides(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    /// <summary>
    /// Converts RGBA pixels as stored, [height, width, 4], to rows of the upright image, from row <paramref name="top"/> on; alpha is dropped.
    /// </summary>
    internal static void CopyUpright(ReadOnlySpan<byte> rgba, int width, int height, SKEncodedOrigin origin, int top, RgbImage rows)
    {
        bool fromRight = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        bool fromBottom = IsFromBottom(origin);
        int first = ((fromBottom ? height - 1 : 0) * width + (fromRight ? width - 1 : 0)) * StoredChannels;
        int alongRow = (fromRight ? -1 : 1) * StoredChannels, alongColumn = (fromBottom ? -1 : 1) * width * StoredChannels;
        var (stepX, stepY) = SwapsSides(origin) ? (alongColumn, alongRow) : (alongRow, alongColumn);
        for (int y = 0; y < rows.Height; y++)
            CopyLine(rgba, first + (top + y) * stepY, stepX, rows.Row(y));
    }

    /// <summary>Whether the last stored row comes first: at the top, or where sides are swapped, at the left.</summary>
    internal static bool IsFromBottom(SKEncodedOrigin origin) =>
        origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;

    /// <summary>Copies the colors of RGBA pixels, the first at <paramref name="from"/>, each <paramref name="step"/> bytes after the one before.</summary>
    internal static void CopyLine(ReadOnlySpan<byte> rgba, int from, int step, Span<byte> target)
    {
        int to = 0;
        if (step == StoredChannels)
        {
            // Most images are stored upright and are copied four pixels at a time. Each store writes four extra bytes, which the next one overwrites.
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

/// <summary>
/// Restores the colors of transparent GIF pixels, which decoding to RGBA loses. Pillow's <c>convert("RGB")</c> gives them the palette color of the
/// transparent index, or of index 0 where a frame without one does not cover the canvas. Reads only the headers (GIF89a specification, sections 17-23).
/// </summary>
internal static class GifColors
{
    private const int HeaderLength = 13, ImageDescriptorLength = 10, ColorLength = 3, StoredChannels = 4;
    private const byte HasTable = 0x80, TableSize = 0x07, HasTransparency = 0x01;
    private const byte Extension = 0x21, GraphicControl = 0xF9, ImageDescriptor = 0x2C;

    /// <summary>Fills fully transparent pixels, in place.</summary>
    /// <param name="gif">The content of the file.</param>
    /// <param name="rgba">Its first frame, four bytes per pixel.</param>
    internal static void FillTransparentPixels(ReadOnlySpan<byte> gif, Span<byte> rgba)
    {
        ReadOnlySpan<byte> color = default;
        for (int at = 0; at < rgba.Length; at += StoredChannels)
        {
            if (rgba[at + 3] != 0)
                continue;
            if (color.IsEmpty)
                color = TransparentColor(gif);
            color.CopyTo(rgba[at..]);
        }
    }

    /// <summary>Red, green and blue; black if the file has no color table or ends before its first frame.</summary>
    private static ReadOnlySpan<byte> TransparentColor(ReadOnlySpan<byte> gif)
    {
        if (gif.Length < HeaderLength)
            return [0, 0, 0];
        var table = Table(gif, gif[10], HeaderLength);
        int at = HeaderLength + table.Length, index = 0;
        while (at + 1 < gif.Length && gif[at] == Extension)
        {
            var control = gif[at..];
            if (control[1] == GraphicControl && control.Length > 6 && (control[3] & HasTransparency) != 0)
                index = control[6];
            at = AfterBlocks(gif, at + 2);
        }

        if (at + ImageDescriptorLength <= gif.Length && gif[at] == ImageDescriptor && (gif[at + 9] & HasTable) != 0)
            table = Table(gif, gif[at + 9], at + ImageDescriptorLength);
        return (index + 1) * ColorLength <= table.Length ? table.Slice(index * ColorLength, ColorLength) : [0, 0, 0];
    }

    private static ReadOnlySpan<byte> Table(ReadOnlySpan<byte> gif, byte flags, int at)
    {
        int length = (flags & HasTable) != 0 ? ColorLength << ((flags & TableSize) + 1) : 0;
        return gif.Slice(at, Math.Min(length, gif.Length - at));
    }

    /// <summary>Position after a sequence of blocks, each a length and that many bytes, which ends with a length of 0.</summary>
    private static int AfterBlocks(ReadOnlySpan<byte> gif, int at)
    {
        while (at < gif.Length && gif[at] != 0)
            at += 1 + gif[at];
        return at + 1;
    }
}
