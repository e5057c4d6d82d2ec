// The peak memory of training on a data set far larger than the limit for images.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// Trains a small network on images that are generated into one array while they are read; only the library keeps images or allocates arrays.
/// </summary>
internal static class FlatMemory
{
    private const int MiB = 1 << 20, Width = 512, Height = 384, FileSize = 240_000;

    /// <param name="limitMiB">Limit for images in memory.</param>
    /// <param name="dataMiB">Encoded images to train on.</param>
    internal static void Run(int limitMiB, int dataMiB)
    {
        var context = new MLContext(seed: 1);
        long made = 0;
        var options = new VisionTransformerTrainer.Options
        {
            FeatureColumnName = nameof(Photo.Image),
            Arch = Workload.Architecture with { ImageSize = 64, PatchSize = 16, Depth = 2 },
            Epoch = 2,
            BatchSize = Workload.BatchSize,
            ImageMemoryLimitBytes = (long)limitMiB * MiB,
            MetricsCallback = m =>
            {
                if (m.Phase == TrainingPhase.Epoch)
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  epoch {m.Epoch}: {m.ImagesPerSecond:F0} images/s, now {Environment.WorkingSet / MiB} MiB"));
            },
            Device = "cpu",
        };
        // The labels are keys already, because MapValueToKey would make another pass over the data.
        var keys = context.Data.LoadFromEnumerable(Enumerable.Range(0, 2).Select(i => new Key { Label = Label(i) }));
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label", keyData: keys).Append(context.MulticlassClassification.Trainers.VisionTransformer(options));
        using (pipeline.Fit(context.Data.LoadFromEnumerable(Photos())))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"limit {limitMiB} MiB, {made / MiB} MiB of images: peak working set {Peak() / MiB} MiB"));

        IEnumerable<Photo> Photos()
        {
            using var painter = new NoisePainter();
            var photo = new Photo { Image = new byte[FileSize] };
            for (int i = 0; made < (long)dataMiB * MiB; i++)
            {
                painter.Paint(photo.Image);
                photo.Label = Label(i);
                made += photo.Image.Length;
                yield return photo;
            }
        }
    }

    private static string Label(int number) => $"class {number % 2}";

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private sealed class Key
    {
        public string Label { get; set; } = "";
    }

    /// <summary>JPEGs of noise, which are large for their number of pixels; zeros after the end of the image give all of them the same length.</summary>
    private sealed class NoisePainter : IDisposable
    {
        private readonly Random _random = new(1);
        private readonly byte[] _pixels = new byte[Width * Height * 4];
        private readonly SKBitmap _bitmap = new(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));

        internal void Paint(byte[] file)
        {
            _random.NextBytes(_pixels);
            Marshal.Copy(_pixels, 0, _bitmap.GetPixels(), _pixels.Length);
            using var data = _bitmap.Encode(SKEncodedImageFormat.Jpeg, 80);
            file.AsSpan().Clear();
            data.AsSpan().CopyTo(file);
        }

        public void Dispose() => _bitmap.Dispose();
    }
}
