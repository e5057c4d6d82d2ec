// Turns the bytes of an image file into upright RGB pixels.
using System.Buffers;
using System.Text;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images.Decoding;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF, BMP and ICO by content, whatever the file's name; of an animation the first frame. As with Pillow's
/// <c>convert("RGB")</c>, alpha is dropped and not blended, and color profiles are ignored; unlike there, the EXIF orientation of JPEG and
/// WebP files is applied, and of 16 bits the high ones count. A file that is broken or incomplete is an error, never a partly gray image.
/// </summary>
internal static class ImageDecoder
{
    private const int BytesPerDecodedPixel = 4;

    /// <summary>Decodes one encoded image.</summary>
    /// <param name="encoded">The file's content.</param>
    /// <param name="where">What the message calls the image: its file, or its row and column.</param>
    /// <param name="decoding">Limits and scale; null for the defaults at full size.</param>
    /// <exception cref="InvalidImageException">The bytes are no supported image, incomplete, broken, or declare too many pixels.</exception>
    internal static unsafe RgbImage Decode(ReadOnlySpan<byte> encoded, string where, ImageDecoding? decoding = null)
    {
        decoding ??= ImageDecoding.Default;
        if (encoded.IsEmpty)
            throw new InvalidImageException($"{where} is empty (0 bytes). Replace the file or leave it out.");
        fixed (byte* bytes = encoded)
        {
            using var data = SKData.Create((IntPtr)bytes, encoded.Length);
            using var codec = SKCodec.Create(data);
            if (codec is null || !IsSupported(codec.EncodedFormat))
                throw new InvalidImageException($"{where} cannot be read as an image: {EncodedContent.Describe(encoded)}");
            RefuseHugeImages(codec.Info, where, decoding.MaxPixels);
            return ReadPixels(encoded, codec, where, decoding);
        }
    }

    private static bool IsSupported(SKEncodedImageFormat format) => format is SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Png
        or SKEncodedImageFormat.Webp or SKEncodedImageFormat.Gif or SKEncodedImageFormat.Bmp or SKEncodedImageFormat.Ico;

    private static void RefuseHugeImages(SKImageInfo info, string where, int most)
    {
        if ((long)info.Width * info.Height > most)
        {
            throw new InvalidImageException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{where} declares {info.Width} x {info.Height} pixels; at most {most} are read. Make the image smaller, leave it out, or raise MaxPixels of ImagePreprocessing."));
        }
    }

    private static RgbImage ReadPixels(ReadOnlySpan<byte> encoded, SKCodec codec, string where, ImageDecoding decoding)
    {
        var origin = codec.EncodedOrigin;
        var (width, height) = ExifOrientation.SwapsSides(origin) ? (codec.Info.Height, codec.Info.Width) : (codec.Info.Width, codec.Info.Height);
        var size = codec.Info.Size;
        if (decoding.Reduction is not null && codec.EncodedFormat == SKEncodedImageFormat.Jpeg)
            size = codec.GetScaledDimensions(1f / decoding.Reduction(width, height));

        // No color space: the decoder then leaves the numbers in the file as they are.
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        byte[] rented = ArrayPool<byte>.Shared.Rent(checked(info.Width * info.Height * BytesPerDecodedPixel));
        try
        {
            var rgba = rented.AsSpan(0, info.Width * info.Height * BytesPerDecodedPixel);
            ReadPixels(codec, info, rgba, where, decoding.AllowTruncated);
            if (codec.EncodedFormat == SKEncodedImageFormat.Gif)
                GifColors.FillOpenPixels(encoded, rgba);
            return ExifOrientation.Upright(rgba, info.Width, info.Height, origin).AsReductionOf(width, height);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static unsafe void ReadPixels(SKCodec codec, SKImageInfo info, Span<byte> rgba, string where, bool allowTruncated)
    {
        // Rows that the codec never reaches must not show what the buffer held before.
        if (allowTruncated)
            rgba.Clear();
        SKCodecResult result;
        fixed (byte* pixels = rgba)
            result = codec.GetPixels(info, (IntPtr)pixels);
        if (result != SKCodecResult.Success && !(allowTruncated && result == SKCodecResult.IncompleteInput))
            throw new InvalidImageException($"{where} is a {codec.EncodedFormat.ToString().ToUpperInvariant()} image that {Reason(result)}. Replace the file or leave it out{Hint(result)}.");
    }

    private static string Reason(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "ends before all pixels are there (a download or copy that was cut off?)",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => "has broken or missing pixel data",
        _ => $"cannot be decoded ({result})",
    };

    private static string Hint(SKCodecResult result) =>
        result == SKCodecResult.IncompleteInput ? "; AllowTruncated of ImagePreprocessing takes what is there" : "";
}

/// <summary>
/// What a decoder keeps to: how large an image may be, whether a cut-off file is taken, and at which scale. Immutable; the defaults are those of
/// <see cref="ImagePreprocessing"/>, at full size.
/// </summary>
internal sealed record ImageDecoding
{
    /// <summary>Where Pillow, too, refuses: half a GiB at three bytes each.</summary>
    internal const int DefaultMaxPixels = 178_956_970;

    internal static ImageDecoding Default { get; } = new();

    /// <summary>Pixels that an image may declare; it is refused before memory is taken for more.</summary>
    internal int MaxPixels { get; init; } = DefaultMaxPixels;

    /// <summary>Whether a file that ends early is taken with what is there.</summary>
    internal bool AllowTruncated { get; init; }

    /// <summary>
    /// Given width and height of the upright image, by what a JPEG's sides may be divided: 1, 2, 4 or 8. Null: by nothing.
    /// </summary>
    internal Func<int, int, int>? Reduction { get; init; }
}

/// <summary>
/// How far a large JPEG may be reduced while it is decoded.
/// A JPEG can be decoded at 1/2, 1/4 and 1/8 of its sides, which costs a fraction of the time. The decoder's reduction is coarse: enough must be
/// left for the antialiased resize to do the fine work.
/// </summary>
internal static class ImageReduction
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

/// <summary>
/// Says what bytes that are no readable image seem to be, so that the message helps. Recognizes common contents by their first bytes ("magic numbers") for
/// error messages alone.
/// </summary>
internal static class EncodedContent
{
    private const string Supported = "JPEG, PNG, WebP, GIF, BMP and ICO are read";

    private static readonly (string Start, string Message)[] _known =
    [
        ("\u00ff\u00d8", "it starts as a JPEG file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("\u0089PNG\r\n\u001a\n", "it starts as a PNG file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("GIF8", "it starts as a GIF file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("RIFF", "it starts as a WebP file, but is broken or incomplete. Replace the file or leave it out."),
        ("BM", "it starts as a BMP file, but its header is broken or of an unknown kind. Convert it to PNG."),
        ("II*\0", $"it is a TIFF file; {Supported}. Convert it."),
        ("MM\0*", $"it is a TIFF file; {Supported}. Convert it."),
        ("\0\0\0\u000cjP", $"it is a JPEG 2000 file; {Supported}. Convert it."),
        ("%PDF", $"it is a PDF document; {Supported}. Convert its images."),
        ("PK", "it is a ZIP archive. Unpack it first."),
    ];

    /// <summary>What the content seems to be and what to do about it.</summary>
    internal static string Describe(ReadOnlySpan<byte> encoded)
    {
        string start = Encoding.Latin1.GetString(encoded[..Math.Min(encoded.Length, 256)]);
        foreach (var (known, message) in _known)
        {
            if (start.StartsWith(known, StringComparison.Ordinal))
                return message;
        }

        if (start.Length > 11 && start.AsSpan(4, 4).SequenceEqual("ftyp"))
            return $"it is {(start.AsSpan(8).StartsWith("avi") ? "an AVIF" : "a HEIC or video")} file; {Supported}. Convert it.";
        if (start.Contains("<svg", StringComparison.OrdinalIgnoreCase))
            return $"it is an SVG drawing; {Supported}. Convert it.";
        if (start.TrimStart().StartsWith('<'))
            return "it is HTML or XML text, as a web server's error page is. Download the image again.";
        return start.All(IsText)
            ? $"it is text; {Supported}. Is it a path where the image's bytes were expected?"
            : $"its {encoded.Length} bytes are in no known format; {Supported}. Replace the file or leave it out.";
    }

    private static bool IsText(char c) => c is '\t' or '\r' or '\n' or (>= ' ' and not '\u007f');
}

internal static class ImageFile
{
    /// <summary>Decodes the file at <paramref name="path"/>; links are followed.</summary>
    /// <param name="path">Path as the row has it.</param>
    /// <param name="where">The row and column that named the file, for messages.</param>
    /// <param name="decoding">Limits and scale; null for the defaults at full size.</param>
    /// <exception cref="InvalidImageException">There is no such file, it cannot be read, or it is no image.</exception>
    internal static RgbImage Decode(string? path, string where, ImageDecoding? decoding = null)
    {
        return ImageDecoder.Decode(Read(path, where), $"{path} ({where})", decoding);
    }

    /// <summary>The content of the file; empty for what is no regular file.</summary>
    /// <inheritdoc cref="Decode"/>
    internal static byte[] Read([System.Diagnostics.CodeAnalysis.NotNull] string? path, string where)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new InvalidImageException($"{where} has no path. Fill it in or leave the row out.");
        try
        {
            return HasContent(path) ? File.ReadAllBytes(path) : [];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidImageException($"{path} ({where}) is not there; the full path is {Path.GetFullPath(path)}. Correct the path or leave the row out.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = Directory.Exists(path) ? "it is a folder" : e.Message.TrimEnd('.');
            throw new InvalidImageException($"{path} ({where}) cannot be read: {reason}. Correct the path or leave the row out.", e);
        }
    }

    /// <summary>
    /// False for an empty file, and for pipes, sockets and devices, whose length is 0: those are never opened, since reading one may wait or go on for ever.
    /// </summary>
    private static bool HasContent(string path)
    {
        var file = new FileInfo(path);
        if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
            file = target;
        return !file.Exists || file.Length > 0;    // What is there instead of a file, reading it will tell.
    }
}
