// Small generated images for tests, as pixels and as encoded files.
using Microsoft.ML.VisionTransformer.Images.Pixels;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class PaintedImage
{
    /// <summary>Every pixel differs from its neighbors: red increases with the column, green with the row, blue with both.</summary>
    internal static RgbImage Gradient(int width, int height)
    {
        var image = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                (image.Row(y)[3 * x], image.Row(y)[3 * x + 1], image.Row(y)[3 * x + 2]) = ((byte)(x * 7), (byte)(y * 11), (byte)(x * 5 + y * 3));
        }

        return image;
    }

    /// <summary>One gray row.</summary>
    internal static RgbImage GrayRow(params byte[] values) => new(values.Length, 1, [.. values.SelectMany(v => new[] { v, v, v })]);

    /// <summary>One gray column.</summary>
    internal static RgbImage GrayColumn(params byte[] values) => new(1, values.Length, [.. values.SelectMany(v => new[] { v, v, v })]);

    /// <summary>The image encoded in that format, with the same alpha for all pixels.</summary>
    internal static byte[] Encode(RgbImage image, SKEncodedImageFormat format, byte alpha = 255)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            var color = new SKColor(image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2], alpha);
            bitmap.SetPixel(i % image.Width, i / image.Width, color);
        }

        using var encoded = bitmap.PeekPixels().Encode(format, 100);
        return encoded.ToArray();
    }
}
