// Pictures as PNG files.
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images;

internal static class PngEncoding
{
    /// <summary>The content of a PNG file.</summary>
    internal static byte[] ToPng(this RgbImage picture)
    {
        byte[] rgba = new byte[checked(picture.Width * picture.Height * 4)];
        for (int i = 0; i < picture.Width * picture.Height; i++)
        {
            picture.Pixels.AsSpan(i * RgbImage.Channels, RgbImage.Channels).CopyTo(rgba.AsSpan(4 * i));
            rgba[4 * i + 3] = byte.MaxValue;
        }

        using var image = SKImage.FromPixelCopy(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), rgba);
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
