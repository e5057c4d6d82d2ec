// The time of saving and loading a model .zip relative to copying its bytes.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>A ViT-B/16, 346 MB of weights, from and to files in the system's cache, to exclude the disk from the measurement.</summary>
internal static class ModelZip
{
    internal const string Command = "zip";

    private const string ArchitectureName = "vit_base_patch16_224";

    internal static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("vit-zip-").FullName;
        try
        {
            var context = new MLContext();
            using var model = Make(context, folder);
            foreach (var storage in Enum.GetValues<WeightStorage>())
            {
                model.WeightStorage = storage;
                Measure(context, model, folder);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(MLContext context, VisionTransformerPredictionTransformer model, string folder)
    {
        string zip = Path.Combine(folder, "model.zip"), copy = Path.Combine(folder, "copy.zip");
        context.Model.Save(model, null, zip);
        byte[] bytes = File.ReadAllBytes(zip);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ArchitectureName}, {model.WeightStorage}: a .zip of {bytes.Length / 1e6:F0} MB; times in ms, medians of {Pair.Rounds} rounds"));
        Compare("save / writing the same bytes", () => context.Model.Save(model, null, zip), () => Write(copy, bytes));
        Compare("save / copying the file", () => context.Model.Save(model, null, zip), () => Copy(zip, copy));
        Compare("load / reading the same bytes", () => (IDisposable)context.Model.Load(zip, out _), () => GC.KeepAlive(File.ReadAllBytes(zip)));
        Compare("load / copying the file", () => (IDisposable)context.Model.Load(zip, out _), () => Copy(zip, copy));
        Compare("checksum of the bytes / copying the file", () => EntryChecksum.Of(bytes), () => Copy(zip, copy));
    }

    private static VisionTransformerPredictionTransformer Make(MLContext context, string folder)
    {
        var architecture = VisionTransformerArchitecture.Parse(ArchitectureName);
        string checkpoint = Path.Combine(folder, "model.safetensors");
        Loading.Write(checkpoint, architecture);
        return context.Model.LoadVisionTransformer(checkpoint, "Image");
    }

    private static void Write(string path, byte[] bytes)
    {
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Copies explicitly, because <c>File.Copy</c> may only create a reference to the same blocks.</summary>
    private static void Copy(string from, string to)
    {
        File.Delete(to);
        using var source = File.OpenRead(from);
        using var target = File.Create(to);
        source.CopyTo(target, 1 << 20);
    }

    private static void Compare(string question, Action ours, Action baseline) => Compare(question, Done(ours), baseline);

    private static void Compare(string question, Func<IDisposable?> ours, Action baseline)
    {
        Time(ours);
        Time(Done(baseline));
        var pairs = Enumerable.Range(0, Pair.Rounds).Select(_ => (Ours: Time(ours), Baseline: Time(Done(baseline)))).ToArray();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {question}: {Median.Of(pairs.Select(p => p.Ours)):F0} / {Median.Of(pairs.Select(p => p.Baseline)):F0} ms, ratio {Median.Of(pairs.Select(p => p.Ours / p.Baseline)):F2}"));
    }

    private static Func<IDisposable?> Done(Action action) => () =>
    {
        action();
        return null;
    };

    /// <summary>Milliseconds of the work; its result is disposed outside the measurement.</summary>
    private static double Time(Func<IDisposable?> action)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        using var result = action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
