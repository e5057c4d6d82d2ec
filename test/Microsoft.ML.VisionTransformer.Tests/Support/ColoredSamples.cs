// Small image files with a different color for each class, which a tiny network learns in seconds.
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class ColoredSamples
{
    internal static readonly string[] Classes = ["blue", "green", "red"];

    private static readonly SKColor[] _colors = [new(40, 60, 220), new(50, 200, 60), new(220, 50, 40)];

    /// <summary>Noisy images of different sizes, of each class in turn.</summary>
    internal static ColoredSample[] Make(int perClass, int seed = 7)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, perClass * Classes.Length).Select(i => new ColoredSample
        {
            Image = Paint(_colors[i % Classes.Length], 24 + random.Next(24), 20 + random.Next(30), random),
            Label = Classes[i % Classes.Length],
            Number = i,
        })];
    }

    /// <summary>Writes them as folder/class/number.png.</summary>
    internal static void WriteTo(string folder, int perClass, int seed = 7)
    {
        foreach (var image in Make(perClass, seed))
        {
            string path = Path.Combine(folder, image.Label, $"{image.Number:D3}.png");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, image.Image);
        }
    }

    private static byte[] Paint(SKColor color, int width, int height, Random random)
    {
        using var bitmap = new SKBitmap(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                bitmap.SetPixel(x, y, new SKColor(Noisy(color.Red), Noisy(color.Green), Noisy(color.Blue)));
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();

        byte Noisy(byte value) => (byte)Math.Clamp(value + random.Next(-60, 61), 0, 255);
    }
}

/// <summary>A row of test data.</summary>
internal sealed class ColoredSample
{
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";

    public int Number { get; set; }
}
