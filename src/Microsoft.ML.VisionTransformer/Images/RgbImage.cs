// A decoded picture: 8-bit red, green and blue, upright, nothing else.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Pixels row by row from the top left, three bytes each in the order red, green, blue: [Height, Width, 3].</summary>
internal sealed class RgbImage
{
    internal const int Channels = 3;

    /// <summary>A picture whose pixels are not set yet: whoever makes it sets them all.</summary>
    internal RgbImage(int width, int height)
        : this(width, height, GC.AllocateUninitializedArray<byte>(checked(Guard.AtLeast(width, 1) * Guard.AtLeast(height, 1) * Channels)))
    {
    }

    /// <summary>A picture on top of existing pixels, which it does not copy.</summary>
    internal RgbImage(int width, int height, byte[] pixels)
    {
        Width = Guard.AtLeast(width, 1);
        Height = Guard.AtLeast(height, 1);
        Pixels = Guard.NotNull(pixels);
        if (pixels.Length != checked(width * height * Channels))
            throw new ArgumentException($"{pixels.Length} bytes are not {height} rows of {width} pixels with {Channels} bytes each.", nameof(pixels));
    }

    internal int Width { get; }

    internal int Height { get; }

    internal byte[] Pixels { get; }

    /// <summary>Bytes of one row.</summary>
    internal int Stride => Width * Channels;

    internal PixelArea Area => new(0, 0, Width, Height);

    internal Span<byte> Row(int y) => Pixels.AsSpan(y * Stride, Stride);

    /// <summary>Copies ML.NET's picture; its alpha channel is dropped, as it is for files.</summary>
    /// <exception cref="InvalidImageException">The picture has a pixel format that is not 8-bit BGRA or RGBA.</exception>
    internal static RgbImage From(MLImage image, string where)
    {
        Guard.NotNull(image);
        var (red, blue) = image.PixelFormat switch
        {
            MLPixelFormat.Rgba32 => (0, 2),
            MLPixelFormat.Bgra32 => (2, 0),
            _ => throw new InvalidImageException($"{where}: the pixel format is {image.PixelFormat}; make the MLImage as Bgra32 or Rgba32."),
        };
        var copy = new RgbImage(image.Width, image.Height);
        var source = image.Pixels;
        var target = copy.Pixels;
        for (int from = 0, to = 0; to < target.Length; from += 4, to += Channels)
        {
            target[to] = source[from + red];
            target[to + 1] = source[from + 1];
            target[to + 2] = source[from + blue];
        }

        return copy;
    }
}
