// Generates images of one color in many shades, as JPEG.
using SkiaSharp;

namespace WebService;

internal static class DemoImages
{
    private const int Spots = 60, FewestPixels = 48, MostPixels = 160;

    /// <summary>Each color's hue in degrees.</summary>
    internal static readonly IReadOnlyDictionary<string, float> Colors = new SortedDictionary<string, float>(StringComparer.Ordinal)
    {
        ["blue"] = 225,
        ["green"] = 120,
        ["orange"] = 30,
        ["red"] = 0,
        ["violet"] = 285,
        ["yellow"] = 58,
    };

    internal static byte[] Paint(string color, Random random)
    {
        using var image = new SKBitmap(random.Next(FewestPixels, MostPixels), random.Next(FewestPixels, MostPixels));
        using var canvas = new SKCanvas(image);
        canvas.Clear(Shade());
        for (int i = 0; i < Spots; i++)
        {
            using var paint = new SKPaint { Color = Shade(), IsAntialias = true };
            canvas.DrawCircle(random.Next(image.Width), random.Next(image.Height), random.Next(3, 30), paint);
        }

        using var data = image.Encode(SKEncodedImageFormat.Jpeg, random.Next(60, 95));
        return data.ToArray();

        SKColor Shade() => SKColor.FromHsl((Colors[color] + random.Next(-10, 11) + 360) % 360, random.Next(50, 100), random.Next(35, 70));
    }
}
