// The command line of the fuzzer.
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>The settings of a run, and their conversion to a worker's command line.</summary>
internal sealed record FuzzSettings(string Format, IReadOnlyList<string> Corpus, int Count, int First, int Seed, int Workers, string Output, string? WorkerState)
{
    internal const string Usage = """
        Damages files and looks whether reading them survives.

        usage: Fuzz [--format images] --corpus <file or folder> [--corpus ...] [--count 200000] [--first 0] [--seed 1] [--workers <processors>] [--output fuzz-output]

        --format: images, of a corpus of images; or model, safetensors, index, npz, pth, onnx, config or processor, of the corpus test/Data/golden/checkpoints.

        Files that crash a worker, keep it busy for 10 seconds, take half a GiB, or end in another error than InvalidImageException, InvalidCheckpointException or (of models)
        InvalidDataException are kept in the output folder. A file is made of the corpus, the seed and its number alone: --first <number> --count 1 runs one case again.
        """;

    /// <exception cref="ArgumentException">An argument is unknown or has no value.</exception>
    internal static FuzzSettings Parse(string[] args)
    {
        var corpus = new List<string>();
        var settings = new FuzzSettings("images", corpus, 200_000, 0, 1, Environment.ProcessorCount, "fuzz-output", null);
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} has no value.");
            if (args[i] == "--corpus")
                corpus.Add(value);
            settings = args[i] switch
            {
                "--corpus" => settings,
                "--format" => settings with { Format = value },
                "--count" => settings with { Count = Number(value) },
                "--first" => settings with { First = Number(value) },
                "--seed" => settings with { Seed = Number(value) },
                "--workers" => settings with { Workers = Number(value) },
                "--output" => settings with { Output = value },
                "--worker-state" => settings with { WorkerState = value },
                _ => throw new ArgumentException($"{args[i]} is not known."),
            };
        }

        return corpus.Count > 0 ? settings : throw new ArgumentException("There is no --corpus.");
    }

    /// <summary>The format that is fuzzed.</summary>
    /// <exception cref="ArgumentException">There is no such format.</exception>
    internal FileFormat Open()
    {
        if (Format == "images")
            return new ImageFormat(new Mutator(Mutator.Read(Corpus), Seed));
        return FileFormat.All.TryGetValue(Format, out var make) ? make(Corpus[0], Seed) : throw new ArgumentException($"--format {Format} is not known; there are images, {string.Join(", ", FileFormat.All.Keys)}.");
    }

    /// <summary>The command line of a worker for a range of cases.</summary>
    internal ProcessStartInfo WorkerStart(int first, int count, string statePath)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(typeof(FuzzSettings).Assembly.Location);
        foreach (string path in Corpus)
            Add(start, "--corpus", path);
        Add(start, "--format", Format);
        Add(start, "--seed", Text(Seed));
        Add(start, "--first", Text(first));
        Add(start, "--count", Text(count));
        Add(start, "--worker-state", statePath);
        return start;
    }

    private static void Add(ProcessStartInfo start, string name, string value)
    {
        start.ArgumentList.Add(name);
        start.ArgumentList.Add(value);
    }

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
