// Generates photos of different sizes.
using System.Globalization;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class PhotoPainting
{
    /// <summary>A JPEG of 40 to 103 pixels per side, the same for the same number.</summary>
    internal static Photo Small(int number)
    {
        var random = new Random(number);
        return new Photo { Image = Jpeg(random, random.Next(40, 104), random.Next(40, 104)), Label = $"class {number % 5}" };
    }

    /// <summary>Fills a folder with five class folders of JPEGs of up to 500 pixels.</summary>
    internal static void Fill(string folder, int count)
    {
        var random = new Random(1);
        for (int i = 0; i < count; i++)
        {
            string path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, $"class {i % 5}")).FullName, string.Create(CultureInfo.InvariantCulture, $"{i:D4}.jpg"));
            File.WriteAllBytes(path, Jpeg(random, random.Next(330, 501), random.Next(330, 501)));
        }
    }

    /// <summary>Circles of random colors, as a JPEG of quality 90.</summary>
    internal static byte[] Jpeg(Random random, int width, int height)
    {
        using var bitmap = Circles(random, width, height, count: 40, largest: 30);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    /// <summary>Circles of random colors.</summary>
    internal static SKBitmap Circles(Random random, int width, int height, int count, int largest)
    {
        var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        largest = Math.Min(largest, Math.Min(width, height));
        for (int i = 0; i < count; i++)
        {
            using var paint = new SKPaint { Color = new SKColor((uint)random.Next() | 0xff000000) };
            canvas.DrawCircle(random.Next(width), random.Next(height), random.Next(3, largest), paint);
        }

        return bitmap;
    }
}
