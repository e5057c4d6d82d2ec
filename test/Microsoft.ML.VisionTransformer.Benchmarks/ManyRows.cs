// Does memory grow while many rows are scored through Transform?
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>A few photos repeated, as rows that are created while they are read; the scores are read and discarded.</summary>
internal static class ManyRows
{
    internal const string Command = "rows";

    private const int Reports = 20;

    /// <summary>Tolerated growth after the warm-up (a tenth of the rows): allocators do not return every page immediately.</summary>
    private const long Allowed = 16 << 20;

    /// <returns>0 if memory and live tensors did not grow after the warm-up.</returns>
    internal static int Run(long rows)
    {
        // Passes of such a small network take less time than thread synchronization.
        torch.set_num_threads(1);
        var context = new MLContext(seed: 1);
        using var model = SmallModel.Make(context);
        var scored = model.Transform(context.Data.LoadFromEnumerable(Repeated(rows)));
        var score = scored.Schema["Score"];
        using var cursor = scored.GetRowCursor([score]);
        var getter = cursor.GetGetter<VBuffer<float>>(score);
        VBuffer<float> scores = default;
        ProcessState? warm = null, last = null;
        var clock = Stopwatch.StartNew();
        long interval = Math.Max(1, rows / Reports);
        for (long row = 1; cursor.MoveNext(); row++)
        {
            getter(ref scores);
            if (row % interval != 0 && row != rows)
                continue;
            last = ProcessState.Now();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row,9} rows, {row / clock.Elapsed.TotalSeconds:F0} rows/s: {last}"));
            if (warm is null && row >= rows / 10)
                warm = last;
        }

        return Evaluate(warm!, last!);
    }

    private static int Evaluate(ProcessState warm, ProcessState last)
    {
        bool flat = last.WorkingSet - warm.WorkingSet <= Allowed;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"after the warm-up: working set {(last.WorkingSet - warm.WorkingSet) / (double)(1 << 20):+0.0;-0.0} MiB, managed {(last.Managed - warm.Managed) / (double)(1 << 20):+0.0;-0.0} MiB, live tensors {last.Tensors - warm.Tensors:+0;-0;0}: {(flat ? "flat" : "GROWS")}"));
        return flat ? 0 : 1;
    }

    private static IEnumerable<Photo> Repeated(long rows)
    {
        for (long row = 0; row < rows; row++)
            yield return SmallModel.Photos[row % SmallModel.Photos.Length];
    }
}
