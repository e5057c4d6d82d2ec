// All that a report shows, as plain data.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>What a report is written from. A part that is empty is left out of the page; metrics are computed from <see cref="Rows"/>.</summary>
internal sealed record ReportContent
{
    /// <summary>Heading of the page: what was trained or judged.</summary>
    public required string Title { get; init; }

    /// <summary>The classes, in the order of the scores.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>When it was written; null leaves it out.</summary>
    public DateTimeOffset? Written { get; init; }

    /// <summary>What the model is: architecture, image size, parameters, file.</summary>
    public IReadOnlyList<ReportValue> Model { get; init; } = [];

    /// <summary>How it was trained, one entry an epoch, in order.</summary>
    public IReadOnlyList<ReportEpoch> Epochs { get; init; } = [];

    /// <summary>Number of the epoch whose weights the model has; null where none was chosen.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>The options that the run had.</summary>
    public IReadOnlyList<ReportValue> Options { get; init; } = [];

    /// <summary>How many images of each class were used for what.</summary>
    public IReadOnlyList<ReportSplit> Splits { get; init; } = [];

    /// <summary>Files that were left out.</summary>
    public IReadOnlyList<SkippedFile> Skipped { get; init; } = [];

    /// <summary>What the scored rows are: "test", "validation".</summary>
    public string RowsName { get; init; } = "test";

    /// <summary>The rows that the model was judged on, each with its true class and the scores of all classes.</summary>
    public IReadOnlyList<ScoredRow> Rows { get; init; } = [];

    /// <summary>
    /// Draws what in a row's picture spoke for a class (its index), as an encoded image, or null where there is none. Called for the few rows that are shown,
    /// one after the other. Null leaves overlays out.
    /// </summary>
    public Func<ScoredRow, int, byte[]?>? Overlay { get; init; }
}
