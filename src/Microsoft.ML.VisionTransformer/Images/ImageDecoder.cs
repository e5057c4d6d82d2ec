// Turns the bytes of an image file into upright RGB pixels.
using System.Buffers;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF, BMP and ICO by content, whatever the file's name; of an animation the first frame. As with Pillow's
/// <c>convert("RGB")</c>, alpha is dropped and not blended, and colour profiles are ignored; unlike there, the EXIF orientation of JPEG and
/// WebP files is applied, and a transparent pixel of a GIF is black, since its colour is lost in decoding.
/// A file that is broken or incomplete is an error, never a partly grey picture.
/// </summary>
internal static class ImageDecoder
{
    /// <summary>Pixels that a picture may declare: where Pillow, too, refuses; half a GiB at three bytes each.</summary>
    internal const int PixelLimit = 178_956_970;

    private const int BytesPerDecodedPixel = 4;

    /// <summary>Decodes one encoded image.</summary>
    /// <param name="encoded">The file's content.</param>
    /// <param name="where">What the message calls the image: its file, or its row and column.</param>
    /// <exception cref="InvalidImageException">The bytes are no supported image, incomplete, broken, or declare too many pixels.</exception>
    internal static unsafe RgbImage Decode(ReadOnlySpan<byte> encoded, string where)
    {
        if (encoded.IsEmpty)
            throw new InvalidImageException($"{where} is empty (0 bytes). Replace the file or leave it out.");
        fixed (byte* bytes = encoded)
        {
            using var data = SKData.Create((IntPtr)bytes, encoded.Length);
            using var codec = SKCodec.Create(data);
            if (codec is null || !IsSupported(codec.EncodedFormat))
                throw new InvalidImageException($"{where} cannot be read as an image: {EncodedContent.Describe(encoded)}");
            RefuseHugePictures(codec.Info, where);
            return ReadPixels(codec, where);
        }
    }

    private static bool IsSupported(SKEncodedImageFormat format) => format is SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Png
        or SKEncodedImageFormat.Webp or SKEncodedImageFormat.Gif or SKEncodedImageFormat.Bmp or SKEncodedImageFormat.Ico;

    private static void RefuseHugePictures(SKImageInfo info, string where)
    {
        if ((long)info.Width * info.Height > PixelLimit)
        {
            throw new InvalidImageException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{where} declares {info.Width} x {info.Height} pixels; at most {PixelLimit} are read. Make the picture smaller or leave it out."));
        }
    }

    private static unsafe RgbImage ReadPixels(SKCodec codec, string where)
    {
        // No colour space: the decoder then leaves the numbers in the file as they are.
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        byte[] rgba = ArrayPool<byte>.Shared.Rent(info.Width * info.Height * BytesPerDecodedPixel);
        try
        {
            SKCodecResult result;
            fixed (byte* pixels = rgba)
                result = codec.GetPixels(info, (IntPtr)pixels);
            if (result != SKCodecResult.Success)
                throw new InvalidImageException($"{where} is a {codec.EncodedFormat.ToString().ToUpperInvariant()} image that {Reason(result)}. Replace the file or leave it out.");
            return ExifOrientation.Upright(rgba, info.Width, info.Height, codec.EncodedOrigin);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgba);
        }
    }

    private static string Reason(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "ends before all pixels are there (a download or copy that was cut off?)",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => "has broken or missing pixel data",
        _ => $"cannot be decoded ({result})",
    };
}
