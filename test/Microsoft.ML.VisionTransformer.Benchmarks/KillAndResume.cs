// Does a training run that is killed resume and end with exactly the same weights?
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>Training runs in separate processes: one undisturbed, the others killed (SIGKILL, TerminateProcess) at random times and restarted.</summary>
internal static class KillAndResume
{
    internal const string Command = "kill";

    private const int Seed = 11, KillsOfARun = 2;

    internal static int Run(int rounds)
    {
        string folder = Directory.CreateTempSubdirectory("vision-transformer-kill-").FullName;
        try
        {
            var clock = Stopwatch.StartNew();
            byte[] expected = Finish(folder, "alone");
            double seconds = clock.Elapsed.TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"left alone: {seconds:F1} s, {expected.Length} bytes of weights"));
            var random = new Random(Seed);
            int same = 0;
            for (int round = 0; round < rounds; round++)
            {
                string run = $"killed-{round}";
                string moments = string.Join(", ", Enumerable.Range(0, KillsOfARun).Select(_ => Kill(folder, run, random.NextDouble() * seconds)));
                bool equal = Finish(folder, run).AsSpan().SequenceEqual(expected);
                same += equal ? 1 : 0;
                Console.WriteLine($"killed {moments}: {(equal ? "bit-equal" : "DIFFERENT")}");
            }

            Console.WriteLine($"{same} of {rounds} ended bit-equal");
            return same == rounds ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>One training run in this process; writes the weights to the folder.</summary>
    internal static void Train(string workspace, string weights)
    {
        using var workload = new Workload(folder: null);
        var trainer = workload.Context.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
        {
            FeatureColumnName = nameof(Photo.Image),
            Arch = Workload.Architecture with { ImageSize = 64, Depth = 4, DropPathRate = 0.1 },
            Epoch = 6,
            BatchSize = 8,
            ValidationSetFraction = 0.25f,
            Augmentation = TrainingAugmentations.DeiT,
            EmaDecay = 0.9f,
            WorkspacePath = workspace,
            CheckpointInterval = TimeSpan.FromMilliseconds(300),
            Device = "cpu",
        });
        using var model = trainer.Fit(workload.Data);
        model.SaveAsSafetensors(weights);
    }

    private static byte[] Finish(string folder, string run)
    {
        using var process = Start(folder, run);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The training ended with {process.ExitCode}.");
        return File.ReadAllBytes(Path.Combine(folder, run, "weights", "model.safetensors"));
    }

    private static string Kill(string folder, string run, double seconds)
    {
        using var process = Start(folder, run);
        if (process.WaitForExit(TimeSpan.FromSeconds(seconds)))
            return string.Create(CultureInfo.InvariantCulture, $"(after its end, {seconds:F1} s)");
        process.Kill();
        process.WaitForExit();
        return string.Create(CultureInfo.InvariantCulture, $"after {seconds:F1} s");
    }

    private static Process Start(string folder, string run) =>
        Process.Start(OwnProgram.Start(Command, "train", Path.Combine(folder, run, "workspace"), Path.Combine(folder, run, "weights")))!;
}
