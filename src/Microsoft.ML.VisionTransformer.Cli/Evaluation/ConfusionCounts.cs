// The confusion matrix, and the metrics of each class that follow from it.
namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

internal sealed class ConfusionCounts
{
    private readonly int[,] _counts;
    private readonly int[] _ofTrue;
    private readonly int[] _ofPredicted;

    internal ConfusionCounts(IEnumerable<EvaluatedRow> rows, int classes)
    {
        (_counts, _ofTrue, _ofPredicted) = (new int[classes, classes], new int[classes], new int[classes]);
        foreach (var row in rows)
        {
            _counts[row.Row.Label, row.Predicted]++;
            _ofTrue[row.Row.Label]++;
            _ofPredicted[row.Predicted]++;
        }
    }

    /// <summary>Number of rows by true and predicted class.</summary>
    internal int this[int trueClass, int predictedClass] => _counts[trueClass, predictedClass];

    /// <summary>Number of rows of a true class.</summary>
    internal int OfTrue(int trueClass) => _ofTrue[trueClass];

    internal ClassMetrics MetricsOf(int index) => new(index, _counts[index, index], _ofTrue[index], _ofPredicted[index]);

    /// <summary>Pairs of classes that were confused, by descending count, then by descending fraction of the true class.</summary>
    internal IReadOnlyList<ConfusedPair> Pairs() =>
    [
        .. from t in Enumerable.Range(0, _ofTrue.Length)
           from p in Enumerable.Range(0, _ofTrue.Length)
           where t != p && _counts[t, p] > 0
           orderby _counts[t, p] descending, _counts[t, p] / (double)_ofTrue[t] descending
           select new ConfusedPair(t, p, _counts[t, p]),
    ];
}

/// <param name="Index">Index of the class.</param>
/// <param name="Right">Rows of the class with a correct prediction.</param>
/// <param name="Support">Rows of the class.</param>
/// <param name="Predicted">Rows with the class as prediction.</param>
internal sealed record ClassMetrics(int Index, int Right, int Support, int Predicted)
{
    /// <summary>Fraction of the rows predicted as the class that belong to it; null if no row was predicted as it.</summary>
    internal double? Precision => Predicted == 0 ? null : Right / (double)Predicted;

    /// <summary>Fraction of the rows of the class that were predicted as it; null if it has no rows.</summary>
    internal double? Recall => Support == 0 ? null : Right / (double)Support;

    /// <summary>2 · right / (support + predicted), the harmonic mean of precision and recall; null if both counts are 0.</summary>
    internal double? F1 => Support + Predicted == 0 ? null : 2.0 * Right / (Support + Predicted);
}

/// <summary>Rows of one class that were predicted as another.</summary>
/// <param name="True">Index of the true class.</param>
/// <param name="Predicted">Index of the predicted class.</param>
/// <param name="Count">Number of rows.</param>
internal readonly record struct ConfusedPair(int True, int Predicted, int Count);
