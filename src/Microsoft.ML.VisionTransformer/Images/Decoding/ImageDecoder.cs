// Decodes image files into upright RGB pixels, and describes content that is not an image.
using System.Text;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Interop;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images.Decoding;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF, BMP and ICO by content, regardless of the file's name; animations give their first frame. As with Pillow's
/// <c>convert("RGB")</c>, alpha is dropped and not blended, and color profiles are ignored. Unlike Pillow, the EXIF orientation of JPEG and WebP files
/// is applied, and 16-bit samples keep their high 8 bits. A broken or incomplete file is an error, never a partly gray image.
/// </summary>
internal static class ImageDecoder
{
    /// <summary>Decodes one encoded image as a whole.</summary>
    /// <param name="encoded">The file's content.</param>
    /// <param name="where">The image's name in error messages: its file, or its row and column.</param>
    /// <param name="decoding">Limits and scale; null for the defaults at full size.</param>
    /// <exception cref="InvalidImageException">The bytes are not a supported image, are incomplete or broken, or declare too many pixels.</exception>
    internal static RgbImage Decode(ReadOnlySpan<byte> encoded, string where, ImageDecoding? decoding = null) =>
        Decode(encoded, where, decoding, image => image.ToRgb());

    /// <summary>Decodes one encoded image while <paramref name="view"/> reads it, so that a large image need not be in memory as a whole.</summary>
    /// <param name="encoded">The file's content.</param>
    /// <param name="where">The image's name in error messages.</param>
    /// <param name="decoding">Limits and scale; null for the defaults at full size.</param>
    /// <param name="view">Makes the result of the image, which it reads once and does not keep.</param>
    internal static unsafe RgbImage Decode(ReadOnlySpan<byte> encoded, string where, ImageDecoding? decoding, Func<BandedImage, RgbImage> view)
    {
        decoding ??= ImageDecoding.Default;
        if (encoded.IsEmpty)
            throw new InvalidImageException($"{where} is empty (0 bytes). Replace the file or leave it out.");
        DecodedBands? bands = null;
        try
        {
            fixed (byte* bytes = encoded)
            {
                using var data = SKData.Create((IntPtr)bytes, encoded.Length);
                using var codec = SKCodec.Create(data);
                if (codec is null || !IsSupported(codec.EncodedFormat))
                    throw new InvalidImageException($"{where} cannot be read as an image: {EncodedContent.Describe(encoded)}");
                CheckPixelCount(codec.Info, where, decoding.MaxPixels);
                bands = DecodedBands.Of(codec, bytes, encoded.Length, where, decoding);
                return view(bands);
            }
        }
        finally
        {
            // After the codec, whose own buffers can be as large as the image, was disposed.
            if (bands is { TookMuchMemory: true })
                NativeHeap.Trim();
        }
    }

    private static bool IsSupported(SKEncodedImageFormat format) => format is SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Png
        or SKEncodedImageFormat.Webp or SKEncodedImageFormat.Gif or SKEncodedImageFormat.Bmp or SKEncodedImageFormat.Ico;

    private static void CheckPixelCount(SKImageInfo info, string where, int maximum)
    {
        if ((long)info.Width * info.Height > maximum)
        {
            throw new InvalidImageException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{where} declares {info.Width} x {info.Height} pixels; "
                + $"at most {maximum:N0} are allowed. Make the image smaller, leave it out, or raise ImagePreprocessing.MaxPixels."));
        }
    }
}

/// <summary>
/// Settings of the decoder: the maximum image size, whether a truncated file is accepted, and the scale. Immutable; the defaults are those of
/// <see cref="ImagePreprocessing"/>, at full size.
/// </summary>
internal sealed record ImageDecoding
{
    /// <summary>Pillow's limit: half a GiB at three bytes per pixel.</summary>
    internal const int DefaultMaxPixels = 178_956_970;

    internal static ImageDecoding Default { get; } = new();

    /// <summary>Maximum pixels that an image may declare; a larger one is rejected before memory is allocated.</summary>
    internal int MaxPixels { get; init; } = DefaultMaxPixels;

    /// <summary>Whether a file that ends early is accepted as a partial image.</summary>
    internal bool AllowTruncated { get; init; }

    /// <summary>Images of more pixels are decoded in bands where their format allows it. The pixels are the same either way.</summary>
    internal int PixelsDecodedAtOnce { get; init; } = 1 << 21;

    /// <summary>Returns the divisor of a JPEG's sides, 1, 2, 4 or 8, for the width and height of the upright image. Null: full size.</summary>
    internal Func<int, int, int>? Reduction { get; init; }
}

/// <summary>
/// Chooses the scale at which a large JPEG is decoded.
/// A JPEG can be decoded at 1/2, 1/4 and 1/8 of its sides, which takes a fraction of the time. The decoder's reduction is coarse, so enough pixels
/// must remain for the antialiased resize.
/// </summary>
internal static class ImageReduction
{
    /// <summary>Minimum ratio of decoded pixels to result pixels along each side.</summary>
    private const int MinimumRatio = 2;

    private static readonly int[] _divisors = [8, 4, 2];

    /// <summary>The largest divisor that leaves twice the result's pixels along both sides, or 1.</summary>
    /// <param name="width">Width in pixels before reduction.</param>
    /// <param name="height">Height in pixels before reduction.</param>
    /// <param name="resizedWidth">Width in pixels after the resize.</param>
    /// <param name="resizedHeight">Height in pixels after the resize.</param>
    internal static int Of(long width, long height, long resizedWidth, long resizedHeight)
    {
        foreach (int divisor in _divisors)
        {
            if (width / divisor >= MinimumRatio * resizedWidth && height / divisor >= MinimumRatio * resizedHeight)
                return divisor;
        }

        return 1;
    }
}

/// <summary>
/// Describes content that is not a readable image, for error messages. Recognizes common formats by their first bytes ("magic numbers").
/// </summary>
internal static class EncodedContent
{
    private const string Supported = "the supported formats are JPEG, PNG, WebP, GIF, BMP and ICO";

    private static readonly (string Start, string Message)[] _known =
    [
        ("\u00ff\u00d8", "it starts like a JPEG file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("\u0089PNG\r\n\u001a\n", "it starts like a PNG file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("GIF8", "it starts like a GIF file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("RIFF", "it starts like a WebP file, but is broken or incomplete. Replace the file or leave it out."),
        ("BM", "it starts like a BMP file, but its header is broken or of an unknown kind. Convert it to PNG."),
        ("II*\0", $"it is a TIFF file; {Supported}. Convert it."),
        ("MM\0*", $"it is a TIFF file; {Supported}. Convert it."),
        ("\0\0\0\u000cjP", $"it is a JPEG 2000 file; {Supported}. Convert it."),
        ("%PDF", $"it is a PDF document; {Supported}. Convert its images."),
        ("PK", "it is a ZIP archive. Unpack it first."),
    ];

    /// <summary>Describes what the content appears to be and what to do about it.</summary>
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
            return "it is HTML or XML text, perhaps a web server's error page. Download the image again.";
        return start.All(IsText)
            ? $"it is text; {Supported}. Replace the file or leave it out. A column of bytes must have the content of an image, not its path."
            : $"its {encoded.Length} bytes are not in a known format; {Supported}. Replace the file or leave it out.";
    }

    private static bool IsText(char c) => c is '\t' or '\r' or '\n' or (>= ' ' and not '\u007f');
}

/// <summary>Reads and decodes image files.</summary>
internal static class ImageFile
{
    /// <summary>Decodes the file at <paramref name="path"/>; links are followed.</summary>
    /// <param name="path">Path as given in the row.</param>
    /// <param name="where">The row and column that named the file, for messages.</param>
    /// <param name="decoding">Limits and scale; null for the defaults at full size.</param>
    /// <exception cref="InvalidImageException">The file does not exist, cannot be read, or is not an image.</exception>
    internal static RgbImage Decode(string? path, string where, ImageDecoding? decoding = null) => Decode(path, where, decoding, image => image.ToRgb());

    /// <summary>Decodes the file while <paramref name="view"/> reads it.</summary>
    /// <param name="path">Path as given in the row.</param>
    /// <param name="where">The row and column that named the file, for messages.</param>
    /// <param name="decoding">Limits and scale; null for the defaults at full size.</param>
    /// <param name="view">Makes the result of the image, which it reads once and does not keep.</param>
    internal static RgbImage Decode(string? path, string where, ImageDecoding? decoding, Func<BandedImage, RgbImage> view) =>
        ImageDecoder.Decode(Read(path, where), $"{MessageText.OfPath(path)} ({where})", decoding, view);

    /// <summary>The content of the file; empty if it is not a regular file.</summary>
    /// <inheritdoc cref="Decode(string?, string, ImageDecoding?)"/>
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
            throw new InvalidImageException(
                $"{MessageText.OfPath(path)} ({where}) does not exist{FullPath(path)}. Correct the path or leave the row out.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = Directory.Exists(path) ? "it is a folder"
                : e is UnauthorizedAccessException ? "permission denied"
                : e is PathTooLongException ? "the path is too long. Is it the image itself, encoded as text?"
                : MessageText.OfPath(e.Message.TrimEnd('.'));
            throw new InvalidImageException($"{MessageText.OfPath(path)} ({where}) cannot be read: {reason}. Correct the path or leave the row out.", e);
        }
    }

    /// <summary>The rest of the message about a missing file: where it was looked for, and where a broken link points to.</summary>
    private static string FullPath(string path)
    {
        string full = Path.GetFullPath(path);
        string where = full == path ? "" : $"; the full path is {MessageText.OfPath(full)}";
        return new FileInfo(path).LinkTarget is { } target ? $"{where}; it is a link to {MessageText.OfPath(target)}" : where;
    }

    /// <summary>
    /// False for an empty file, and for pipes, sockets and devices, whose length is 0. They are never opened, because reading one may block or never end.
    /// </summary>
    private static bool HasContent(string path)
    {
        var file = new FileInfo(path);
        if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
            file = target;
        return !file.Exists || file.Length > 0;    // If it is not a file, reading it throws with the reason.
    }
}
