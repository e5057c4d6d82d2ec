// Training and scoring in ML.NET pipelines compared with bare TorchSharp loops.
namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class Pipelines
{
    /// <param name="photos">A folder of class folders; null for generated photos.</param>
    internal static int Run(string? photos)
    {
        using var workload = new Workload(photos);
        Console.WriteLine($"{Workload.Architecture.Name}, batches of {Workload.BatchSize}, {workload.Count} images, {Environment.ProcessorCount} processors; medians of {Pair.Rounds} rounds");
        Pair.Measure("training: Fit (decode, augment, train) / bare TorchSharp loop on ready tensors", () => Training.Library(workload), () => Training.Bare(workload));
        using var scoring = new Scoring(workload);
        Pair.Measure("scoring: Transform (decode, resize, score) / bare TorchSharp loop on ready tensors", scoring.Library, scoring.Bare);
        return 0;
    }
}
