// Builds the content of a report from a model, its training and its evaluation.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Settings;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <summary>Reports are shared: images are named by their path below the data folder, and no path of this machine is included.</summary>
internal static class ModelReport
{
    /// <summary>The report of a training; without test images it has no metrics and no images.</summary>
    internal static ReportContent OfTraining(Classifier model, string path, IReadOnlyDictionary<string, SettingValue> settings, TestSplit split, EvaluatedImages? evaluation)
    {
        var history = model.Network.TrainingHistory!;
        var content = Of(model, $"Training of {Path.GetFileName(path)}", path, settings["data"].Text, evaluation);
        return content with
        {
            Epochs = [.. history.Epochs.Select(ReportEpoch.Of)],
            BestEpoch = history is { Epochs.Count: > 0, ValidationRows: > 0, Strategy: not TrainingStrategy.LinearProbe } ? history.BestEpoch : null,    // otherwise it is the last
            Strategy = history.Strategy,
            Augmentation = AugmentationOf(history),
            LabelSmoothing = history.Strategy == TrainingStrategy.LinearProbe ? null : history.Options?.LabelSmoothing,
            ProbeAccuracy = history.ProbeAccuracy,
            LearningCurve = [.. history.LearningCurve.Select(point => new LearningPoint(point.Images, point.Accuracy))],
            TrainingImages = history.TrainingRows,
            ValidationImages = history.ValidationRows,
            Run = Run(history, RepeatCommand.SeedOf(settings)),
            Command = RepeatCommand.Of(settings, forReport: true, TrainRequest.DefaultSeed),
            Options = [.. TrainSettings.All.Where(s => settings.ContainsKey(s.Name)).Select(s => new ReportValue(s.Name, RepeatCommand.Shown(s, settings[s.Name].Text)))],
            Splits = [Split("training and validation", split.Training, model), .. split.Test.Length > 0 ? [Split("test", split.Test, model)] : Array.Empty<ReportSplit>()],
            Skipped = [.. history.InvalidImages.Select(problem => ReportImageNames.InMessage(problem, split.Training, settings["data"].Text)), .. content.Skipped],
            Model = [.. content.Model, new ReportValue("Images", Invariant($"{history.TrainingRows} for training, {history.ValidationRows} for validation"))],
        };
    }

    /// <summary>The report of an evaluation.</summary>
    internal static ReportContent OfEvaluation(Classifier model, string path, string data, LabeledImage[] images, EvaluatedImages evaluation) =>
        Of(model, $"{Path.GetFileName(path)} on {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data)))}", path, data, evaluation) with
        {
            Splits = [Split("test", images, model)],
        };

    private static ReportContent Of(Classifier model, string title, string path, string data, EvaluatedImages? evaluation) => new()
    {
        Title = title,
        ClassNames = model.Classes.Names,
        Written = DateTimeOffset.Now,
        Model = Facts(model, path),
        Skipped = [.. evaluation?.Skipped.Select(scored => ReportImageNames.Skipped(scored, data)) ?? []],
        Rows = [.. evaluation?.Evaluation.Rows.Select(evaluated => evaluated.Row with { Name = ReportImageNames.Of(evaluated.Row.Path!, data) }) ?? []],
        Overlay = (row, label) => Overlay(model, row, label),
    };

    private static ReportValue[] Facts(Classifier model, string path)
    {
        var network = model.Network.Architecture;
        return
        [
            new("File", Path.GetFileName(path)),
            new("Network", network.Name),
            new("Input", Invariant($"{network.ImageSize} pixels, patches of {network.PatchSize}")),
            new("Blocks", Invariant($"{network.Depth} of width {network.EmbeddingDimension}, {network.Heads} heads")),
            new("Classes", Invariant($"{model.Classes.Count}")),
        ];
    }

    private static ReportValue[] Run(TrainingHistory history, string seed) =>
    [
        .. history.Duration is { } duration ? [new ReportValue("Training time", RunSection.Duration(duration))] : Array.Empty<ReportValue>(),
        .. history.Device is { } device ? [new ReportValue("Device", device)] : Array.Empty<ReportValue>(),
        .. history.Strategy is { } strategy ? [new ReportValue("Strategy", SettingValue.Kebab(strategy.ToString()))] : Array.Empty<ReportValue>(),
        new("Seed", seed),
        .. history.Versions.Select(version => new ReportValue(version.Key, version.Value)),
    ];

    /// <summary>The augmentation that was used, up to the area of crops and the flip; null if the model file does not tell.</summary>
    private static TrainingAugmentations? AugmentationOf(TrainingHistory history) =>
        history is { Strategy: { } strategy, Options: { } options } ? options.Augmentation ?? VisionTransformerTrainer.DefaultAugmentation(strategy, history.TrainingRows) : null;

    private static ReportSplit Split(string name, LabeledImage[] images, Classifier model)
    {
        int[] counts = new int[model.Classes.Count];
        foreach (var image in images)
        {
            if (model.Classes.Find(image.Label) is { } index)
                counts[index]++;
        }

        return new ReportSplit(name, counts);
    }

    /// <summary>Null if the network does not support attention maps.</summary>
    private static byte[]? Overlay(Classifier model, ScoredRow row, int label)
    {
        try
        {
            return model.Network.Explain(row.Path!, new ExplanationOptions { ClassIndex = label, PhotoSize = Thumbnail.LargeSide }).PhotoOverlayPng();
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Names of images in a report.</summary>
internal static class ReportImageNames
{
    /// <summary>The path below the data folder; for an image elsewhere, its folder and file name.</summary>
    internal static string Of(string path, string data)
    {
        string relative = Path.GetRelativePath(data, path);
        bool below = !Path.IsPathRooted(relative) && !relative.StartsWith("..", StringComparison.Ordinal);
        string name = below ? relative : Path.Combine(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path));
        return name.Replace('\\', '/');
    }

    internal static SkippedFile Skipped(ScoredImage scored, string data)
    {
        string name = Of(scored.Image.Path, data);
        return new SkippedFile(name, WithoutPath(scored.Problem!, scored.Image.Path, name));
    }

    /// <summary>The image that a message of the trainer names.</summary>
    internal static SkippedFile InMessage(string message, IEnumerable<LabeledImage> images, string data)
    {
        string? path = images.Select(image => image.Image).Where(image => message.Contains(image, StringComparison.Ordinal)).MaxBy(image => image.Length);
        string name = path is null ? "" : Of(path, data);
        return new SkippedFile(name, path is null ? message : WithoutPath(message, path, name));
    }

    private static string WithoutPath(string message, string path, string name) =>
        message.Replace(Path.GetFullPath(path), name, StringComparison.Ordinal).Replace(path, name, StringComparison.Ordinal);
}
