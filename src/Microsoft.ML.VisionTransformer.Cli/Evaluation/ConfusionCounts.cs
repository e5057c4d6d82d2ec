// How many rows of each class were given which class.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

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

    /// <summary>Rows of one class that were given another, or the same.</summary>
    internal int this[int trueClass, int predictedClass] => _counts[trueClass, predictedClass];

    /// <summary>Rows of a class.</summary>
    internal int OfTrue(int trueClass) => _ofTrue[trueClass];

    internal ClassFigures FiguresOf(int index) => new(index, _counts[index, index], _ofTrue[index], _ofPredicted[index]);

    /// <summary>Pairs of different classes that were mixed up, the most frequent first, of equal ones the larger share of its class.</summary>
    internal IReadOnlyList<ConfusedPair> Pairs() =>
    [
        .. from t in Enumerable.Range(0, _ofTrue.Length)
           from p in Enumerable.Range(0, _ofTrue.Length)
           where t != p && _counts[t, p] > 0
           orderby _counts[t, p] descending, _counts[t, p] / (double)_ofTrue[t] descending
           select new ConfusedPair(t, p, _counts[t, p]),
    ];
}
