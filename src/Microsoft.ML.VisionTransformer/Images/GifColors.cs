// Gives the pixels that a GIF's first frame leaves open the color that Pillow shows there.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// A decoder to RGBA forgets the color of a transparent pixel. Pillow's <c>convert("RGB")</c> shows the palette's color of the transparent index,
/// or of index 0 where a frame that has none does not cover the canvas. Reads the headers alone (GIF89a specification, sections 17-23).
/// </summary>
internal static class GifColors
{
    private const int HeaderLength = 13, ImageDescriptorLength = 10, ColorLength = 3, StoredChannels = 4;
    private const byte HasTable = 0x80, TableSize = 0x07, HasTransparency = 0x01;
    private const byte Extension = 0x21, GraphicControl = 0xF9, ImageDescriptor = 0x2C;

    /// <summary>Fills pixels without opacity, in place.</summary>
    /// <param name="gif">The file.</param>
    /// <param name="rgba">Its first frame, four bytes a pixel.</param>
    internal static void FillOpenPixels(ReadOnlySpan<byte> gif, Span<byte> rgba)
    {
        ReadOnlySpan<byte> color = default;
        for (int at = 0; at < rgba.Length; at += StoredChannels)
        {
            if (rgba[at + 3] != 0)
                continue;
            if (color.IsEmpty)
                color = OpenColor(gif);
            color.CopyTo(rgba[at..]);
        }
    }

    /// <summary>Red, green and blue; black where the file has no table or ends before its first frame.</summary>
    private static ReadOnlySpan<byte> OpenColor(ReadOnlySpan<byte> gif)
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

    /// <summary>Position after a chain of blocks, each a length and as many bytes, that ends with a length of 0.</summary>
    private static int AfterBlocks(ReadOnlySpan<byte> gif, int at)
    {
        while (at < gif.Length && gif[at] != 0)
            at += 1 + gif[at];
        return at + 1;
    }
}
