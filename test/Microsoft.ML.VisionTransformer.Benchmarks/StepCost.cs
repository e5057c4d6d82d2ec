// The cost of a training step in time and memory relative to a bare TorchSharp loop of the same network.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// Each side runs in a separate process, because memory that one allocates would be available to the other. Both use prepared pixels; decoding is measured
/// elsewhere.
/// </summary>
internal static class StepCost
{
    internal const string Command = "step";

    private const string OursSide = "ours", BareSide = "bare", RoundedSide = "ours-bfloat16";

    private const int Rows = 64, Epochs = 4, WarmUpSteps = 4;

    internal static void Run()
    {
        var pairs = new List<(Figures Ours, Figures Bare, Figures? Rounded)>();
        for (int round = 0; round < Pair.Rounds; round++)
        {
            pairs.Add((InProcess(OursSide), InProcess(BareSide), ProcessorFeatures.MultipliesBFloat16 ? InProcess(RoundedSide) : null));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  ours {pairs[^1].Ours}, bare {pairs[^1].Bare}, ours in bfloat16 {pairs[^1].Rounded}"));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Workload.Architecture.Name}, batches of {Workload.BatchSize}: step ours / bare {Median.Of(pairs.Select(p => p.Ours.Seconds / p.Bare.Seconds)):F3}, peak memory {Median.Of(pairs.Select(p => p.Ours.PeakMiB / p.Bare.PeakMiB)):F3}"));
        if (ProcessorFeatures.MultipliesBFloat16)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  step in bfloat16 / in 32 bits {Median.Of(pairs.Select(p => p.Rounded!.Seconds / p.Ours.Seconds)):F3}"));
    }

    /// <summary>One side, in this process.</summary>
    internal static void Run(string side)
    {
        var figures = side == BareSide ? Bare() : Ours(side == RoundedSide ? TrainingPrecision.BFloat16 : TrainingPrecision.Float32);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figures.Seconds:R} {figures.PeakMiB:R}"));
    }

    private static Figures InProcess(string side)
    {
        var start = OwnProgram.Start(Command, side);
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        double[] values = [.. process.StandardOutput.ReadToEnd().Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture))];
        process.WaitForExit();
        return new Figures(values[0], values[1]);
    }

    private static Figures Ours(TrainingPrecision precision)
    {
        var context = new MLContext(seed: 1);
        var rows = Enumerable.Range(0, Rows).Select(i => new Pixels { Image = Noise(i), Label = (uint)(i % 5) }).ToArray();
        var steps = new Steps();
        var trainer = context.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
        {
            FeatureColumnName = nameof(Pixels.Image),
            Arch = Workload.Architecture,
            Epoch = Epochs,
            BatchSize = Workload.BatchSize,
            Precision = precision,
            ValidationSetFraction = null,
            MetricsCallback = m =>
            {
                if (m.Phase == TrainingPhase.Step)
                    steps.Count();
            },
            Device = "cpu",
        });
        trainer.Fit(context.Data.LoadFromEnumerable(rows)).Dispose();
        return new Figures(steps.Usual, Peak());
    }

    private static Figures Bare()
    {
        using var network = new VisionTransformerNetwork(Workload.Architecture with { Classes = 5 });
        using var optimizer = torch.optim.AdamW(network.parameters(), lr: 5e-4, weight_decay: 0.05);
        network.train();
        float[][] rows = [.. Enumerable.Range(0, Rows).Select(Noise)];
        var steps = new Steps();
        for (int step = 0; step < Epochs * Rows / Workload.BatchSize; step++)
        {
            using var scope = torch.NewDisposeScope();
            int first = step % (Rows / Workload.BatchSize) * Workload.BatchSize;
            var size = Workload.Architecture.ImageSize;
            var input = torch.tensor(rows[first..(first + Workload.BatchSize)].SelectMany(r => r).ToArray(), [Workload.BatchSize, 3, size.Height, size.Width]);
            var targets = torch.tensor(Enumerable.Range(first, Workload.BatchSize).Select(i => i % 5L).ToArray());
            var loss = torch.nn.functional.cross_entropy(network.forward(input), targets, label_smoothing: 0.1);
            optimizer.zero_grad();
            loss.backward();
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1);
            optimizer.step();
            loss.item<float>();
            steps.Count();
        }

        return new Figures(steps.Usual, Peak());
    }

    private static float[] Noise(int seed)
    {
        var random = new Random(seed);
        float[] values = new float[3 * Workload.Architecture.ImageSize.Height * Workload.Architecture.ImageSize.Width];
        foreach (ref float value in values.AsSpan())
            value = random.NextSingle() * 2 - 1;
        return values;
    }

    private static double Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / (1024.0 * 1024);
    }

    /// <summary>Time of a step and peak working set.</summary>
    private sealed record Figures(double Seconds, double PeakMiB)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Seconds:F3} s a step, {PeakMiB:F0} MiB");
    }

    /// <summary>Times between steps.</summary>
    private sealed class Steps
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private readonly List<double> _seconds = [];

        internal double Usual => Median.Of(_seconds.Skip(WarmUpSteps));

        internal void Count()
        {
            _seconds.Add(_clock.Elapsed.TotalSeconds);
            _clock.Restart();
        }
    }

    private sealed class Pixels
    {
        [VectorType(3 * 224 * 224)]
        public float[] Image { get; set; } = [];

        [KeyType(5)]
        public uint Label { get; set; }
    }
}
