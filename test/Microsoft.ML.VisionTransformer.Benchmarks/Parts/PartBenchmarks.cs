// Runs BenchmarkDotNet on the parts of a forward pass and a pipeline.
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>Runs in this process, because a separate benchmark process would have to be built where the packages are not available.</summary>
internal static class PartBenchmarks
{
    internal const string Command = "parts";

    internal static void Run()
    {
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(ConsoleLogger.Default)
            .WithOptions(ConfigOptions.DisableLogFile)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "vision-transformer-benchmarks"));
        BenchmarkRunner.Run([typeof(ProductBenchmarks), typeof(RowBenchmarks), typeof(ImageBenchmarks)], config);
    }
}
