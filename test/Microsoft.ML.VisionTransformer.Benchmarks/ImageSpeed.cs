// The speed of converting files to network input on one core, compared with SkiaSharp's decoding and resizing.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>One thread; the files are in memory, the network's size is 224 with timm's crop of 0.9.</summary>
internal sealed class ImageSpeed(byte[][] files)
{
    private const int Side = 224;

    private static readonly ImagePreprocessor _full = new(new ImagePreprocessing { ScaledDecoding = false }), _scaled = new(new ImagePreprocessing { ScaledDecoding = true });

    private readonly float[] _input = new float[_full.Length];

    internal static void Run(string folder)
    {
        byte[][] photos = [.. Directory.GetFiles(folder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        byte[][] large = [.. photos.Where((_, i) => i % (photos.Length / 8) == 0).Take(8).Select((p, i) => CameraPhotos.Enlarge(p, noise: 4, i))];
        foreach (var (name, files) in new[] { ("12-megapixel JPEGs", large), ("photos of up to 500 pixels", photos) })
        {
            var speed = new ImageSpeed(files);
            Console.WriteLine($"{name}, {files.Length} files, {files.Average(f => f.Length) / 1000:F0} kB each, one thread");
            Pair.Measure("  decode, resize, normalize / SkiaSharp's full decode and resize", () => speed.Ours(_full), speed.Skia);
            Pair.Measure("  the same with scaled decoding / SkiaSharp's full decode and resize", () => speed.Ours(_scaled), speed.Skia);
        }
    }

    private double Ours(ImagePreprocessor converter) => PerSecond(file => new EncodedImageSource(file, "photo").Fill(converter, null, _input));

    /// <summary>The shorter side to 248, high quality (cubic with mipmaps); no crop, no normalization.</summary>
    private double Skia() => PerSecond(file =>
    {
        using var decoded = SKBitmap.Decode(file);
        double factor = Side / 0.9 / Math.Min(decoded.Width, decoded.Height);
        using var resized = decoded.Resize(new SKImageInfo((int)(decoded.Width * factor), (int)(decoded.Height * factor)), SKFilterQuality.High);
    });

    private double PerSecond(Action<byte[]> work)
    {
        var clock = Stopwatch.StartNew();
        foreach (byte[] file in files)
            work(file);
        return files.Length / clock.Elapsed.TotalSeconds;
    }
}
