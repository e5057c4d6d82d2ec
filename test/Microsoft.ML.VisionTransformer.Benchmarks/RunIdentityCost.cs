// What does it cost to compare the images of a run with those of a workspace, relative to preparing them once as in an epoch?
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Data;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class RunIdentityCost
{
    internal const string Command = "identity";

    internal static void Run(string folder)
    {
        string[] files = [.. Directory.GetFiles(folder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        TrainingRow[] rows = [.. files.Select(path => new TrainingRow(new ImageFileSource(path, path), 0, 1))];
        Console.WriteLine(FormattableString.Invariant($"{rows.Length} files, {files.Average(path => new FileInfo(path).Length) / 1000:F0} kB each"));
        Pair.Measure("  reading and hashing / reading, decoding and resizing to 224", () => Speed(rows.Length, () => ImageHash.Of(rows, () => { })), () => Speed(rows.Length, () => Prepare(rows)));
    }

    private static void Prepare(TrainingRow[] rows)
    {
        var converter = new ImagePreprocessor(new ImagePreprocessing());
        ParallelImages.For(rows.Length, i => rows[i].Image.Fill(converter, null, new float[converter.Length]));
    }

    private static double Speed(int images, Action work)
    {
        var clock = Stopwatch.StartNew();
        work();
        return images / clock.Elapsed.TotalSeconds;
    }
}
