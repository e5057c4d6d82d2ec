// The cost of several processes relative to several threads of one, and the fraction of a step spent on the gradient sum.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Training;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Plan;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// The same 16 rows per update: one process with two threads, two processes with one thread each that send gradients during the backward pass, and two that
/// send them after it. Prepared pixels; each measurement runs in new processes.
/// </summary>
internal static class DistributedSteps
{
    internal const string Command = "distributed";

    private const int Rows = 16, WarmUpSteps = 3, Steps = 9, Sums = 9;

    /// <param name="rounds">Number of measurements of each side.</param>
    internal static void Run(int rounds)
    {
        var all = new List<(Figures One, Figures During, Figures Behind)>();
        for (int round = 0; round < rounds; round++)
        {
            all.Add((InProcess(1, "one"), InProcess(2, "during"), InProcess(2, "behind")));
            var (one, during, behind) = all[^1];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  1 process, 2 threads {one.Step:F3} s a step; 2 processes, 1 thread {during.Step:F3} s sending during the backward pass, {behind.Step:F3} s behind it; the sum alone {behind.Sum * 1000:F1} ms"));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Workload.Architecture.Name}, {Rows} rows an update: time a row, 2 processes / 2 threads {Median.Of(all.Select(a => a.During.Step / a.One.Step)):F3} ({all.Min(a => a.During.Step / a.One.Step):F3} to {all.Max(a => a.During.Step / a.One.Step):F3}); sending during / behind {Median.Of(all.Select(a => a.During.Step / a.Behind.Step)):F3}; the sum of {all[0].During.Length / 1e6:F1} million numbers / step {Median.Of(all.Select(a => a.Behind.Sum / a.Behind.Step)):F4}"));
    }

    /// <summary>One side, in this process or in each process of a job.</summary>
    internal static void Run(string side)
    {
        TorchRuntime.Load();
        var group = TrainingProcessGroup.Of(DistributedTraining.Auto);
        torch.set_num_threads(side == "one" ? 2 : 1);
        var plan = new TrainingPlanBuilder(new VisionTransformerTrainer.Options { Arch = Workload.Architecture with { Classes = 5 }, Epoch = 1, BatchSize = Rows / group.Size, Device = "cpu" }).Build(seed: 1);
        using var network = new VisionTransformerNetwork(plan.Architecture, seed: 1);
        using var step = new TrainingStep(plan, network, torch.CPU, stepsPerEpoch: 100, group) { Overlaps = side != "behind" };
        var batch = Batch(plan);
        step.BeginEpoch();
        double seconds = Time(WarmUpSteps, Steps, () => step.Run(() => batch, epoch: 1));
        double sum = Time(WarmUpSteps, Sums, () => group.Sum(step.Parameters.Gradients));
        if (group.IsMain)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"metrics {seconds:R} {sum:R} {step.Parameters.Values.numel()}"));
    }

    private static TrainingBatch Batch(TrainingPlan plan)
    {
        var random = new Random(1);
        int length = 3 * plan.Architecture.ImageSize.Height * plan.Architecture.ImageSize.Width;
        float[] inputs = [.. Enumerable.Range(0, plan.BatchSize * length).Select(_ => random.NextSingle() * 2 - 1)];
        long[] classes = [.. Enumerable.Range(0, plan.BatchSize).Select(i => i % 5L)];
        return new TrainingBatch(inputs, classes, [.. classes.Select(_ => 1f)]) { StepWeight = Rows, EndsStep = true };
    }

    private static double Time(int warmUps, int times, Action work)
    {
        var seconds = new List<double>();
        for (int i = 0; i < warmUps + times; i++)
        {
            var clock = Stopwatch.StartNew();
            work();
            seconds.Add(clock.Elapsed.TotalSeconds);
        }

        return Median.Of(seconds.Skip(warmUps));
    }

    private static Figures InProcess(int processes, string side)
    {
        string[] program = OwnProgram.Line(Command, side);
        string[] command = processes == 1 ? program : ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", $"{processes}", .. program];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        start.Environment["OMP_NUM_THREADS"] = processes == 1 ? "2" : "1";
        using var process = Process.Start(start)!;
        string line = process.StandardOutput.ReadToEnd().Split('\n').First(text => text.Contains("metrics ", StringComparison.Ordinal));
        process.WaitForExit();
        double[] values = [.. line[(line.IndexOf("metrics ", StringComparison.Ordinal) + 8)..].Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture))];
        return new Figures(values[0], values[1], (long)values[2]);
    }

    /// <summary>Seconds of a step and of the sum of all gradients only, and the number of gradient values.</summary>
    private sealed record Figures(double Step, double Sum, long Length);
}
