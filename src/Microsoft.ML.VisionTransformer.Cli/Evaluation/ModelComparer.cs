// Evaluates several models on the same images and measures their speed in turn.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Progress;
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <param name="Name">The name in results.</param>
/// <param name="Path">The file, folder or hub name.</param>
/// <param name="Classifier">The opened model.</param>
internal sealed record NamedModel(string Name, string Path, Classifier Classifier)
{
    /// <summary>A short name for each path: its file name, or with the folder, or with a number, until all differ.</summary>
    internal static string[] NamesOf(IReadOnlyList<string> paths)
    {
        string[] full = [.. paths.Select(path => System.IO.Path.TrimEndingDirectorySeparator(path))];
        string[] names = [.. full.Select(path => System.IO.Path.GetFileName(path))];
        string[] longer = [.. full.Select((path, i) => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))) is { Length: > 0 } folder ? $"{folder}/{names[i]}" : names[i])];
        string[] unique = [.. names.Select((name, i) => names.Count(other => other == name) > 1 ? longer[i] : name)];
        return [.. unique.Select((name, i) => unique.Count(other => other == name) > 1 ? FormattableString.Invariant($"{name} ({unique.Take(i + 1).Count(other => other == name)})") : name)];
    }
}

internal static class ModelComparer
{
    /// <summary>Number of images, at most, and of rounds in which the speed is measured.</summary>
    internal const int MaxSpeedImages = 64, SpeedRounds = 3;

    /// <param name="models">The models; all must have the classes of the first.</param>
    /// <param name="data">The folder or table of the images.</param>
    /// <param name="images">The images, whose labels must be classes of the models.</param>
    /// <param name="skipInvalid">Whether to skip an image that a model cannot read; otherwise it is an error.</param>
    /// <param name="display">Shows the progress.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="InvalidDataException">The classes differ, a label is not a class, an image cannot be read, or none is left.</exception>
    internal static ModelComparison Run(
        IReadOnlyList<NamedModel> models, string data, IReadOnlyList<LabeledImage> images, bool skipInvalid, IProgressDisplay display, CancellationToken cancellation)
    {
        var classes = models[0].Classifier.Classes;
        int[][] orders = [.. models.Select(model => ClassOrder(models[0], model))];
        int[] labels = classes.IndexesOf(images);
        InputImage[] inputs = [.. images.Select(image => new InputImage(image.Image, image.Image))];
        ScoredImage[][] scored = [.. models.Select(model => Score(model, inputs, skipInvalid, display, cancellation))];

        int[] readable = [.. Enumerable.Range(0, inputs.Length).Where(i => scored.All(ofModel => ofModel[i].Values is not null))];
        if (readable.Length == 0)
            throw new InvalidDataException("There are no images to compare the models on.");
        InputImage[] timed = [.. readable.Take(MaxSpeedImages).Select(i => inputs[i])];
        double[][] speeds = Speeds(models, timed, display, cancellation);
        return new ModelComparison(
            classes.Names,
            [.. models.Select((model, m) => Compared(model, [.. readable.Select(i => Row(scored[m][i], data, labels[i], orders[m]))], classes.Count, speeds[m]))],
            [.. Enumerable.Range(0, inputs.Length).Except(readable).Select(i => ReportImageNames.Skipped(scored.Select(ofModel => ofModel[i]).First(image => image.Values is null), data))],
            timed.Length);
    }

    /// <summary>The index in a model of each class of the first model.</summary>
    /// <exception cref="InvalidDataException">One of the two has a class that the other lacks.</exception>
    private static int[] ClassOrder(NamedModel first, NamedModel other)
    {
        string? Missing(NamedModel has, NamedModel lacks) => has.Classifier.Classes.Names.FirstOrDefault(name => lacks.Classifier.Classes.Find(name) is null) is { } name
            ? $"{has.Name} has the class '{name}', which {lacks.Name} lacks. Only models with the same classes can be compared."
            : null;

        if ((Missing(first, other) ?? Missing(other, first)) is { } message)
            throw new InvalidDataException(message);
        return [.. first.Classifier.Classes.Names.Select(name => other.Classifier.Classes.Find(name)!.Value)];
    }

    private static ScoredImage[] Score(NamedModel model, InputImage[] images, bool skipInvalid, IProgressDisplay display, CancellationToken cancellation)
    {
        var scored = new List<ScoredImage>();
        foreach (var image in BatchScoring.Score(model.Classifier, images, cancellation))
        {
            if (image.Values is null && !skipInvalid)
                throw ImageProblem.Error(image);
            scored.Add(image);
            display.Images($"evaluating {model.Name}", scored.Count, images.Length);
        }

        return [.. scored];
    }

    /// <summary>
    /// Images per second of each model in each round. The models take turns, so that a change of the processor's speed or load meets all of them. All have
    /// scored these images before: the files are in the cache and the code is compiled.
    /// </summary>
    private static double[][] Speeds(IReadOnlyList<NamedModel> models, InputImage[] images, IProgressDisplay display, CancellationToken cancellation)
    {
        double[][] speeds = [.. models.Select(_ => new double[SpeedRounds])];
        for (int round = 0; round < SpeedRounds; round++)
        {
            for (int m = 0; m < models.Count; m++)
            {
                long start = Stopwatch.GetTimestamp();
                int done = BatchScoring.Score(models[m].Classifier, images, cancellation).Count();
                speeds[m][round] = done / Stopwatch.GetElapsedTime(start).TotalSeconds;
                display.Images("measuring the speed", (round * models.Count + m + 1) * images.Length, SpeedRounds * models.Count * images.Length);
            }
        }

        return speeds;
    }

    private static ScoredRow Row(ScoredImage scored, string data, int label, int[] order) => new()
    {
        Name = ReportImageNames.Of(scored.Image.Path, data),
        Path = scored.Image.Path,
        Label = label,
        Probabilities = [.. order.Select(index => scored.Values![index])],
    };

    private static ComparedModel Compared(NamedModel model, ScoredRow[] rows, int classes, double[] speeds)
    {
        var network = model.Classifier.Network.Architecture;
        return new ComparedModel
        {
            Name = model.Name,
            Evaluation = EvaluationResult.Of(rows, classes)!,
            Network = FormattableString.Invariant($"{network.Name}, {network.ImageSize} pixels"),
            Parameters = network.CountParameters(),
            Bytes = BytesOf(model.Path),
            Speeds = speeds,
        };
    }

    private static long? BytesOf(string path) =>
        File.Exists(path) ? new FileInfo(path).Length
        : Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
        : null;
}
