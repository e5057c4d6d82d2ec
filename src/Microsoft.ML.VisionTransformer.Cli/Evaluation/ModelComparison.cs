// Several models on the same images: what was measured, and where they disagree.
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <param name="ClassNames">The classes, in the order of the first model.</param>
/// <param name="Models">The models, at least two, all on the same rows.</param>
/// <param name="Skipped">Images that a model cannot read; no model is evaluated on them.</param>
/// <param name="SpeedImages">Number of images that the speed was measured on.</param>
internal sealed record ModelComparison(IReadOnlyList<string> ClassNames, IReadOnlyList<ComparedModel> Models, IReadOnlyList<SkippedFile> Skipped, int SpeedImages)
{
    /// <summary>Number of images that all models were evaluated on.</summary>
    internal int Images => Models[0].Evaluation.Rows.Count;

    /// <summary>The other models, each with its difference to the first.</summary>
    internal IReadOnlyList<(ComparedModel Model, PairedDifference Difference)> Differences() =>
        [.. Models.Skip(1).Select(other => (other, PairedDifference.Of(Models[0].Evaluation, other.Evaluation)))];

    /// <summary>The images that the models classify differently; those first whose true class has the most different probabilities.</summary>
    internal IReadOnlyList<Disagreement> Disagreements() =>
    [
        .. Enumerable.Range(0, Images)
            .Select(i => new Disagreement([.. Models.Select(model => model.Evaluation.Rows[i])]))
            .Where(rows => rows.Answers.Any(row => row.Predicted != rows.Answers[0].Predicted))
            .OrderByDescending(rows => rows.Spread),
    ];
}

/// <summary>A model and what was measured of it.</summary>
internal sealed record ComparedModel
{
    /// <summary>Its file name; with the folder if several have that file name.</summary>
    public required string Name { get; init; }

    public required EvaluationResult Evaluation { get; init; }

    /// <summary>Name, input and size of the network.</summary>
    public required string Network { get; init; }

    /// <summary>Number of learned parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Size of the file or folder in bytes; null for a model from the hub.</summary>
    public long? Bytes { get; init; }

    /// <summary>Images per second in each round.</summary>
    public required IReadOnlyList<double> Speeds { get; init; }

    /// <summary>The median of <see cref="Speeds"/>.</summary>
    internal double ImagesPerSecond => Speeds.Order().ElementAt(Speeds.Count / 2);
}

/// <summary>An image that the models classify differently.</summary>
/// <param name="Answers">The row of the image of each model.</param>
internal sealed record Disagreement(IReadOnlyList<EvaluatedRow> Answers)
{
    internal ScoredRow Row => Answers[0].Row;

    /// <summary>Difference between the highest and the lowest probability of the true class, in [0, 1].</summary>
    internal double Spread => Answers.Max(row => row.TrueProbability) - Answers.Min(row => row.TrueProbability);

    /// <summary>Which models are right, as a string of 1 and 0 in their order.</summary>
    internal string Pattern => string.Concat(Answers.Select(row => row.IsRight ? '1' : '0'));
}
