// The metrics of a model on scored rows, for reports and the command line.
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <summary>
/// Computed once from the rows. The predicted class is the most probable one, on ties the first. The library computes the metrics of the probabilities,
/// so training and evaluation measure the same.
/// </summary>
internal sealed class EvaluationResult
{
    private EvaluationResult(IReadOnlyList<EvaluatedRow> rows, int classes)
    {
        Rows = rows;
        Right = rows.Count(row => row.IsRight);
        Confusion = new ConfusionCounts(rows, classes);
        Classes = [.. Enumerable.Range(0, classes).Select(Confusion.MetricsOf)];
        foreach (var row in rows)
            Probabilities.Add(row.Row.Probabilities, row.Row.Label);
    }

    internal IReadOnlyList<EvaluatedRow> Rows { get; }

    /// <summary>Number of rows whose predicted class is the true one.</summary>
    internal int Right { get; }

    /// <summary>Fraction of correctly predicted rows, in [0, 1]; ML.NET's micro-accuracy.</summary>
    internal double Accuracy => Right / (double)Rows.Count;

    /// <summary>Mean recall of the classes that have rows, in [0, 1]; ML.NET's macro-accuracy.</summary>
    internal double MacroAccuracy => Classes.Where(c => c.Support > 0).Average(c => c.Recall!.Value);

    /// <summary>Mean F1 of the classes that have rows, in [0, 1].</summary>
    internal double MacroF1 => Classes.Where(c => c.Support > 0).Average(c => c.F1!.Value);

    internal ConfusionCounts Confusion { get; }

    /// <summary>Metrics of each class, in the order of the class names.</summary>
    internal IReadOnlyList<ClassMetrics> Classes { get; }

    /// <summary>Log loss, calibration error and the bins of the reliability diagram.</summary>
    internal ProbabilityScores Probabilities { get; } = new();

    /// <summary>Null if there are no rows.</summary>
    internal static EvaluationResult? Of(ReportContent content) => Of(content.Rows, content.ClassNames.Count);

    /// <summary>Null if there are no rows.</summary>
    internal static EvaluationResult? Of(IReadOnlyList<ScoredRow> rows, int classes) =>
        rows.Count == 0 ? null : new EvaluationResult([.. rows.Select(row => EvaluatedRow.Of(row, classes))], classes);

    /// <summary>Fraction of rows whose true class is among the <paramref name="k"/> most probable, in [0, 1].</summary>
    internal double TopAccuracy(int k) => Rows.Count(row => row.Rank < k) / (double)Rows.Count;
}

/// <summary>
/// The 95% confidence interval of a fraction: Wilson's score interval (Journal of the American Statistical Association 22, 1927), which is also valid
/// for fractions near 0 and 1.
/// </summary>
internal readonly record struct WilsonInterval(double From, double To)
{
    /// <summary>The 97.5% quantile of the standard normal distribution.</summary>
    private const double Z = 1.959964;

    /// <param name="right">Number of successes.</param>
    /// <param name="count">Number of rows, at least 1.</param>
    internal static WilsonInterval Of(int right, int count)
    {
        double fraction = right / (double)count, squared = Z * Z / count;
        double middle = (fraction + squared / 2) / (1 + squared);
        double half = Z / (1 + squared) * Math.Sqrt(fraction * (1 - fraction) / count + squared / (4 * count));
        return new WilsonInterval(Math.Max(0, middle - half), Math.Min(1, middle + half));
    }
}
