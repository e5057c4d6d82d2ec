// Turns the bytes of an image file into upright RGB pixels.
using System.Buffers;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF, BMP and ICO by content, whatever the file's name; of an animation the first frame. As with Pillow's
/// <c>convert("RGB")</c>, alpha is dropped and not blended, and colour profiles are ignored; unlike there, the EXIF orientation of JPEG and
/// WebP files is applied, and of 16 bits the high ones count. A file that is broken or incomplete is an error, never a partly grey picture.
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
            RefuseHugePictures(codec.Info, where, decoding.MaxPixels);
            return ReadPixels(encoded, codec, where, decoding);
        }
    }

    private static bool IsSupported(SKEncodedImageFormat format) => format is SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Png
        or SKEncodedImageFormat.Webp or SKEncodedImageFormat.Gif or SKEncodedImageFormat.Bmp or SKEncodedImageFormat.Ico;

    private static void RefuseHugePictures(SKImageInfo info, string where, int most)
    {
        if ((long)info.Width * info.Height > most)
        {
            throw new InvalidImageException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{where} declares {info.Width} x {info.Height} pixels; at most {most} are read. Make the picture smaller, leave it out, or raise MaxPixels of ImagePreprocessing."));
        }
    }

    private static RgbImage ReadPixels(ReadOnlySpan<byte> encoded, SKCodec codec, string where, ImageDecoding decoding)
    {
        var origin = codec.EncodedOrigin;
        var (width, height) = ExifOrientation.SwapsSides(origin) ? (codec.Info.Height, codec.Info.Width) : (codec.Info.Width, codec.Info.Height);
        var size = codec.Info.Size;
        if (decoding.Reduction is not null && codec.EncodedFormat == SKEncodedImageFormat.Jpeg)
            size = codec.GetScaledDimensions(1f / decoding.Reduction(width, height));

        // No colour space: the decoder then leaves the numbers in the file as they are.
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        byte[] rented = ArrayPool<byte>.Shared.Rent(checked(info.Width * info.Height * BytesPerDecodedPixel));
        try
        {
            var rgba = rented.AsSpan(0, info.Width * info.Height * BytesPerDecodedPixel);
            ReadPixels(codec, info, rgba, where, decoding.AllowTruncated);
            if (codec.EncodedFormat == SKEncodedImageFormat.Gif)
                GifColours.FillOpenPixels(encoded, rgba);
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
