// Upright images with 8-bit red, green and blue, in memory or read in bands of rows; PNG encoding and luma.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images.Pixels;

/// <summary>
/// An upright image that is read in bands of whole rows: <see cref="RgbImage"/> has all pixels in memory, a file is decoded while its bands are read.
/// </summary>
internal abstract class BandedImage
{
    private protected BandedImage(int width, int height, int originalWidth, int originalHeight)
    {
        Width = Guard.AtLeast(width, 1);
        Height = Guard.AtLeast(height, 1);
        OriginalWidth = originalWidth;
        OriginalHeight = originalHeight;
    }

    internal int Width { get; }

    internal int Height { get; }

    /// <summary>Width in the file: greater than <see cref="Width"/> if the image was decoded at a reduced size.</summary>
    internal int OriginalWidth { get; }

    /// <summary>Height in the file.</summary>
    internal int OriginalHeight { get; }

    internal PixelArea Area => new(0, 0, Width, Height);

    /// <summary>Passes every row to <paramref name="read"/>, in bands in any order. A row may come twice; the last one counts.</summary>
    /// <exception cref="InvalidImageException">The image is a file with broken or missing pixel data.</exception>
    internal abstract void ReadBands(BandReader read);

    /// <summary>The whole image in memory.</summary>
    /// <exception cref="InvalidImageException">The image is a file with broken or missing pixel data.</exception>
    internal virtual RgbImage ToRgb()
    {
        var whole = new RgbImage(Width, Height, OriginalWidth, OriginalHeight);
        ReadBands((band, top) => band.Pixels.CopyTo(whole.Pixels, top * whole.Stride));
        return whole;
    }

    /// <summary>Converts an area of the image in the file to this image's pixels: rounded to the nearest pixel, at least one.</summary>
    internal PixelArea Locate(PixelArea original)
    {
        if (Width == OriginalWidth && Height == OriginalHeight)
            return original;
        var (left, width) = Locate(original.Left, original.Width, (double)Width / OriginalWidth, Width);
        var (top, height) = Locate(original.Top, original.Height, (double)Height / OriginalHeight, Height);
        return new PixelArea(left, top, width, height);
    }

    private static (int First, int Count) Locate(int first, int count, double scale, int side)
    {
        int from = Math.Min((int)Math.Round(first * scale), side - 1);
        int to = Math.Clamp((int)Math.Round((first + count) * scale), from + 1, side);
        return (from, to - from);
    }
}

/// <summary>Receives a band of an image.</summary>
/// <param name="band">Whole rows. Valid only during the call: the next band may overwrite it.</param>
/// <param name="top">The position of its first row in the image.</param>
internal delegate void BandReader(RgbImage band, int top);

/// <summary>A decoded image. Pixels are stored row by row from the top left, three bytes each in the order red, green, blue: [Height, Width, 3].</summary>
internal sealed class RgbImage : BandedImage
{
    internal const int Channels = 3;

    /// <summary>The message of a disposed <see cref="MLImage"/>. The type of its exception is not specific enough to recognize it.</summary>
    private static readonly string _disposedMessage = ReadDisposedMessage();

    /// <summary>Creates an image with uninitialized pixels; the caller must set all of them.</summary>
    internal RgbImage(int width, int height)
        : this(width, height, width, height)
    {
    }

    /// <summary>As above, for a reduction of an image of that original size.</summary>
    internal RgbImage(int width, int height, int originalWidth, int originalHeight)
        : base(width, height, originalWidth, originalHeight)
    {
        Pixels = GC.AllocateUninitializedArray<byte>(checked(width * height * Channels));
    }

    /// <summary>Creates an image from existing pixels, which are not copied.</summary>
    internal RgbImage(int width, int height, byte[] pixels)
        : base(width, height, width, height)
    {
        Pixels = Guard.NotNull(pixels);
        if (pixels.Length != checked(width * height * Channels))
            throw new ArgumentException($"{pixels.Length} bytes are not {height} rows of {width} pixels with {Channels} bytes each.", nameof(pixels));
    }

    internal byte[] Pixels { get; }

    /// <summary>Bytes per row.</summary>
    internal int Stride => Width * Channels;

    internal Span<byte> Row(int y) => Pixels.AsSpan(y * Stride, Stride);

    internal override void ReadBands(BandReader read) => read(this, 0);

    internal override RgbImage ToRgb() => this;

    /// <summary>Copies an ML.NET image; its alpha channel is dropped, as for files.</summary>
    /// <exception cref="InvalidImageException">The image was disposed, or has a pixel format that is not 8-bit BGRA or RGBA.</exception>
    internal static RgbImage From(MLImage image, string where)
    {
        Guard.NotNull(image);
        var (red, blue) = FormatOf(image, where) switch
        {
            MLPixelFormat.Rgba32 => (0, 2),
            MLPixelFormat.Bgra32 => (2, 0),
            var other => throw new InvalidImageException($"{where}: the pixel format is {other}; create the MLImage as Bgra32 or Rgba32."),
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

    /// <summary>The error for an image that was disposed before it was read.</summary>
    internal static InvalidImageException Disposed(string where, Exception cause) => new(
        $"{where} was disposed before it was read. Do not dispose an MLImage until training has ended or its row has been read. If the pipeline contains "
        + "ResizeImages, remove it: images are resized here, and it disposes images that already have the right size if another transform reads its column.",
        cause);

    /// <summary>Whether an error, possibly from a transform that used an image, is the error of a disposed image.</summary>
    internal static bool IsDisposedError(InvalidOperationException error) => error is ObjectDisposedException || error.Message == _disposedMessage;

    private static string ReadDisposedMessage()
    {
        var image = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, new byte[4]);
        image.Dispose();
        try
        {
            return $"{image.PixelFormat}";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private static MLPixelFormat FormatOf(MLImage image, string where)
    {
        try
        {
            return image.PixelFormat;
        }
        catch (InvalidOperationException e) when (IsDisposedError(e))
        {
            throw Disposed(where, e);
        }
    }
}

/// <summary>
/// A rectangle of pixels inside an image; <paramref name="Left"/> and <paramref name="Top"/> are its first column and row.
/// </summary>
internal readonly record struct PixelArea(int Left, int Top, int Width, int Height);

/// <summary>
/// Position of an image in the network's input, in pixels of the input: the image's left edge is at <paramref name="Left"/>, its right edge at
/// <paramref name="Left"/> + <paramref name="Width"/>. What is outside the input was cropped; the network did not see it.
/// </summary>
internal readonly record struct PlaceInInput(double Left, double Top, double Width, double Height)
{
    /// <summary>The centers of a side's pixels, from the left edge or the top edge of the input; <paramref name="pixels"/> is the number shown.</summary>
    internal static float[] Centers(int pixels, double start, double length) =>
        [.. Enumerable.Range(0, pixels).Select(p => (float)(start + (p + 0.5) / pixels * length))];
}

/// <summary>A whole image, resized for display, and its position in the network's input.</summary>
internal sealed record ShownPhoto(RgbImage Image, PlaceInInput Place);

/// <summary>Encodes images as PNG.</summary>
internal static class PngEncoding
{
    /// <summary>The content of a PNG file.</summary>
    internal static byte[] ToPng(this RgbImage source)
    {
        using var image = source.ToSKImage();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    /// <summary>A copy for SkiaSharp to draw; the caller disposes it.</summary>
    internal static SKImage ToSKImage(this RgbImage source)
    {
        byte[] rgba = new byte[checked(source.Width * source.Height * 4)];
        for (int i = 0; i < source.Width * source.Height; i++)
        {
            source.Pixels.AsSpan(i * RgbImage.Channels, RgbImage.Channels).CopyTo(rgba.AsSpan(4 * i));
            rgba[4 * i + 3] = byte.MaxValue;
        }

        return SKImage.FromPixelCopy(new SKImageInfo(source.Width, source.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), rgba);
    }
}

/// <summary>The gray value of a color.</summary>
internal static class Luma
{
    /// <summary>Weights of the three colors in units of 2^-16.</summary>
    internal const int Red = 19595, Green = 38470, Blue = 7471;

    /// <summary>ITU-R 601-2 in 16-bit fixed point, rounded: Pillow's <c>convert("L")</c>.</summary>
    internal static byte Of(ReadOnlySpan<byte> pixel) => (byte)((pixel[0] * Red + pixel[1] * Green + pixel[2] * Blue + 0x8000) >> 16);
}
