// Paints small photos of different sizes.
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class PhotoPainting
{
    /// <summary>A JPEG of 40 to 103 pixels a side, the same for the same number.</summary>
    internal static Photo Small(int number)
    {
        var random = new Random(number);
        using var bitmap = new SKBitmap(random.Next(40, 104), random.Next(40, 104));
        using var canvas = new SKCanvas(bitmap);
        for (int i = 0; i < 40; i++)
        {
            using var paint = new SKPaint { Color = new SKColor((uint)random.Next() | 0xff000000) };
            canvas.DrawCircle(random.Next(bitmap.Width), random.Next(bitmap.Height), random.Next(3, 30), paint);
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return new Photo { Image = data.ToArray(), Label = $"class {number % 5}" };
    }
}
