// The content of a report as plain data.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>Empty parts are omitted from the page. Metrics are computed from <see cref="Rows"/>.</summary>
internal sealed record ReportContent
{
    /// <summary>Heading of the page: what was trained or evaluated.</summary>
    public required string Title { get; init; }

    /// <summary>The classes, in the order of the scores.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>When the report was written; null omits it.</summary>
    public DateTimeOffset? Written { get; init; }

    /// <summary>Description of the model: architecture, image size, parameters, file.</summary>
    public IReadOnlyList<ReportValue> Model { get; init; } = [];

    /// <summary>The training history, one entry per epoch, in order.</summary>
    public IReadOnlyList<ReportEpoch> Epochs { get; init; } = [];

    /// <summary>The epoch whose weights were kept, from 1; null if none was selected.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>The options of the run.</summary>
    public IReadOnlyList<ReportValue> Options { get; init; } = [];

    /// <summary>The strategy that trained the model; null if it is not known.</summary>
    public TrainingStrategy? Strategy { get; init; }

    /// <summary>The augmentation of the training images; null if it is not known.</summary>
    public TrainingAugmentations? Augmentation { get; init; }

    /// <summary>Label smoothing in the training loss, in [0, 1); null if it is not known.</summary>
    public double? LabelSmoothing { get; init; }

    /// <summary>Number of images that the training metrics of an epoch are measured on.</summary>
    public int TrainingImages { get; init; }

    /// <summary>Number of images that the validation metrics of an epoch are measured on.</summary>
    public int ValidationImages { get; init; }

    /// <summary>Accuracy of a linear probe on the pretrained features in cross-validation, in [0, 1]; null if it was not measured.</summary>
    public double? ProbeAccuracy { get; init; }

    /// <summary>Accuracy of the linear probe in cross-validation over the number of training images, in ascending order.</summary>
    public IReadOnlyList<LearningPoint> LearningCurve { get; init; } = [];

    /// <summary>Facts of the run: training time, device, seed, versions.</summary>
    public IReadOnlyList<ReportValue> Run { get; init; } = [];

    /// <summary>The command that repeats the run; null omits it.</summary>
    public string? Command { get; init; }

    /// <summary>Images per class in each part of the data.</summary>
    public IReadOnlyList<ReportSplit> Splits { get; init; } = [];

    /// <summary>Files that were left out.</summary>
    public IReadOnlyList<SkippedFile> Skipped { get; init; } = [];

    /// <summary>The part of the data that was scored: "test", "validation".</summary>
    public string RowsName { get; init; } = "test";

    /// <summary>The rows that the model was evaluated on, each with its true class and the scores of all classes.</summary>
    public IReadOnlyList<ScoredRow> Rows { get; init; } = [];

    /// <summary>The folder of the report file, to which links to the photos are relative; null omits the links.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Draws the attention map of a row's image for a class index, as an encoded image; returns null if there is none. Called sequentially, only for the
    /// rows that are shown. Null omits overlays.
    /// </summary>
    public Func<ScoredRow, int, byte[]?>? Overlay { get; init; }
}

internal sealed record ScoredRow
{
    /// <summary>The image's name in the report, such as its path below the data folder: reports are shared.</summary>
    public required string Name { get; init; }

    /// <summary>The image file, if <see cref="Content"/> is null. Read only for the rows that are shown.</summary>
    public string? Path { get; init; }

    /// <summary>The content of the image file; null reads <see cref="Path"/>.</summary>
    public byte[]? Content { get; init; }

    /// <summary>Index (from 0) of the true class.</summary>
    public required int Label { get; init; }

    /// <summary>Probability of each class, in the order of the class names.</summary>
    public required float[] Probabilities { get; init; }
}

/// <summary>The metrics of one epoch: losses in nats, accuracies in [0, 1]; null means not measured.</summary>
internal sealed record ReportEpoch
{
    /// <summary>Number of the epoch, from 1.</summary>
    public required int Epoch { get; init; }

    public double TrainingLoss { get; init; }

    public double TrainingAccuracy { get; init; }

    public double? ValidationLoss { get; init; }

    public double? ValidationAccuracy { get; init; }

    public double LearningRate { get; init; }

    internal static ReportEpoch Of(TrainingMetrics metrics) => new()
    {
        Epoch = metrics.Epoch,
        TrainingLoss = metrics.TrainingLoss,
        TrainingAccuracy = metrics.TrainingAccuracy,
        ValidationLoss = metrics.ValidationLoss,
        ValidationAccuracy = metrics.ValidationAccuracy,
        LearningRate = metrics.LearningRate,
    };
}

/// <summary>A point of the learning curve.</summary>
/// <param name="Images">Number of training images.</param>
/// <param name="Accuracy">Accuracy in cross-validation, in [0, 1].</param>
internal sealed record LearningPoint(int Images, double Accuracy);

/// <summary>A part of the data.</summary>
/// <param name="Name">Its purpose: "training", "validation", "test".</param>
/// <param name="Counts">Number of images of each class, in the order of the class names.</param>
internal sealed record ReportSplit(string Name, IReadOnlyList<int> Counts);

/// <summary>A name and its value, such as an option.</summary>
internal sealed record ReportValue(string Name, string Value);

/// <summary>A file that was left out, and why.</summary>
internal sealed record SkippedFile(string Name, string Reason);
