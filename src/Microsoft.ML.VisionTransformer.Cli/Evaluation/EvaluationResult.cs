// What the scored rows say of the model: all figures of reports and of the command line.
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <summary>
/// Computed once from the rows. The predicted class is the most probable one, of equal ones the first. What concerns the probabilities is the library's, so that a
/// training and its evaluation measure the same.
/// </summary>
internal sealed class EvaluationResult
{
    private EvaluationResult(IReadOnlyList<EvaluatedRow> rows, int classes)
    {
        Rows = rows;
        Right = rows.Count(row => row.IsRight);
        Confusion = new ConfusionCounts(rows, classes);
        Classes = [.. Enumerable.Range(0, classes).Select(Confusion.FiguresOf)];
        foreach (var row in rows)
            Probabilities.Add(row.Row.Probabilities, row.Row.Label);
    }

    internal IReadOnlyList<EvaluatedRow> Rows { get; }

    /// <summary>Rows whose predicted class is the true one.</summary>
    internal int Right { get; }

    /// <summary>Share of right rows, in [0, 1]; ML.NET's micro-accuracy.</summary>
    internal double Accuracy => Right / (double)Rows.Count;

    /// <summary>Mean recall of the classes that have rows, in [0, 1]; ML.NET's macro-accuracy.</summary>
    internal double MacroAccuracy => Classes.Where(c => c.Support > 0).Average(c => c.Recall!.Value);

    /// <summary>Mean F1 of the classes that have rows, in [0, 1].</summary>
    internal double MacroF1 => Classes.Where(c => c.Support > 0).Average(c => c.F1!.Value);

    internal ConfusionCounts Confusion { get; }

    /// <summary>Figures of each class, in the order of the class names.</summary>
    internal IReadOnlyList<ClassFigures> Classes { get; }

    /// <summary>Log loss, calibration error and the bins of the reliability diagram.</summary>
    internal ProbabilityScores Probabilities { get; } = new();

    /// <summary>Null where there are no rows to judge.</summary>
    internal static EvaluationResult? Of(ReportContent content) => Of(content.Rows, content.ClassNames.Count);

    /// <summary>Null where there are no rows to judge.</summary>
    internal static EvaluationResult? Of(IReadOnlyList<ScoredRow> rows, int classes) =>
        rows.Count == 0 ? null : new EvaluationResult([.. rows.Select(row => EvaluatedRow.Of(row, classes))], classes);

    /// <summary>Share of rows whose true class is among the <paramref name="k"/> most probable, in [0, 1].</summary>
    internal double TopAccuracy(int k) => Rows.Count(row => row.Rank < k) / (double)Rows.Count;
}
