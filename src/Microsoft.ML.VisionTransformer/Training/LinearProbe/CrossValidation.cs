// Cross-validation of the linear probe: its penalty, its accuracy, and its learning curve.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Plan;

namespace Microsoft.ML.VisionTransformer.Training.LinearProbe;

/// <summary>
/// Five folds with the same fraction of each class, chosen by the seed. Large data sets are sampled, so the cost of a fit has a limit.
/// </summary>
internal sealed class CrossValidation
{
    private const int Folds = 5, MostRows = 5_000, Iterations = 50;

    /// <summary>Points of the learning curve: one, two, ... fifths of the rows that a fold trains on.</summary>
    private const int Points = 5;

    /// <summary>Sufficient to rank penalties; the head itself is fitted to a far smaller gradient.</summary>
    private const double Tolerance = 1e-4;

    /// <summary>Used when there are too few rows for cross-validation.</summary>
    private const double StandardPenalty = 0.1;

    private static readonly double[] _penalties = [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001];

    private readonly FeatureMatrix _data;
    private readonly Action _checkAlive;

    /// <summary>The rows of the sample, by class, in random order.</summary>
    private readonly int[][] _classes;

    /// <summary>The fold of each row; -1 for rows outside the sample.</summary>
    private readonly int[] _folds;

    /// <param name="data">The rows.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="checkAlive">Throws when the run was canceled; called before each fold.</param>
    internal CrossValidation(FeatureMatrix data, int seed, Action checkAlive)
    {
        (_data, _checkAlive) = (data, checkAlive);
        _classes = Sample(data, seed);
        _folds = new int[data.Rows];
        Array.Fill(_folds, -1);
        int taken = 0;
        foreach (int row in _classes.SelectMany(rows => rows))
            _folds[row] = taken++ % Folds;
    }

    /// <summary>
    /// The penalty and the accuracy with it. Penalties are tried strongest first, each fit starting from the previous one: the one with the smallest mean
    /// cross-entropy on held-out rows wins.
    /// </summary>
    /// <param name="given">The penalty if the user set it; null to choose one.</param>
    internal ProbeResult Measure(double? given)
    {
        if (_data.Rows < 2 * Folds)
            return new ProbeResult(given ?? StandardPenalty, null, 0);
        double[] penalties = given is { } only ? [only] : _penalties, losses = new double[penalties.Length], right = new double[penalties.Length];
        for (int fold = 0; fold < Folds; fold++)
            AddResults(fold, penalties, losses, right);
        int best = Array.IndexOf(losses, losses.Min()), rows = _classes.Sum(members => members.Length);
        return new ProbeResult(penalties[best], right[best] / rows, rows);
    }

    /// <summary>
    /// The accuracy on the same held-out rows of fits to some of the rows of the other folds: one, two, ... fifths of those of each class, at least one.
    /// A larger set contains the smaller ones. The last point is the accuracy of the probe itself.
    /// </summary>
    /// <param name="probe">The result of <see cref="Measure"/>, whose penalty is used for all points.</param>
    /// <returns>The points, by number of images; empty if the accuracy of the probe was not measured.</returns>
    internal IReadOnlyList<LearningCurvePoint> Curve(ProbeResult probe)
    {
        if (probe.Accuracy is not { } accuracy)
            return [];
        double[] right = new double[Points], images = new double[Points];
        for (int fold = 0; fold < Folds; fold++)
            AddPoints(fold, probe.Penalty, right, images);
        right[^1] = accuracy * probe.Images;
        // With few rows of each class, two points may have the same rows.
        return
        [
            .. right.Zip(images, (correct, sum) => new LearningCurvePoint((int)Math.Round(sum / Folds), correct / probe.Images))
                .GroupBy(point => point.Images).Select(same => same.Last()),
        ];
    }

    private void AddResults(int fold, double[] penalties, double[] losses, double[] right)
    {
        _checkAlive();
        using var training = _data.Take([.. Rows(f => f >= 0 && f != fold)]);
        using var heldOut = _data.Take([.. Rows(f => f == fold)]);
        double[]? head = null;
        for (int i = 0; i < penalties.Length; i++)
        {
            head = new LogisticRegression(training, penalties[i]).Fit(head, Iterations, Tolerance);
            var (loss, accuracy) = heldOut.Evaluate(head);
            losses[i] += loss;
            right[i] += Math.Round(accuracy * heldOut.Rows);
        }
    }

    private void AddPoints(int fold, double penalty, double[] right, double[] images)
    {
        using var heldOut = _data.Take([.. Rows(f => f == fold)]);
        double[]? head = null;
        for (int point = 0; point < Points; point++)
        {
            int[] rows = Part(fold, point + 1);
            images[point] += rows.Length;
            if (point == Points - 1)
                break;
            _checkAlive();
            using var training = _data.Take(rows);
            head = new LogisticRegression(training, penalty).Fit(head, Iterations, Tolerance);
            right[point] += Math.Round(heldOut.Evaluate(head).Accuracy * heldOut.Rows);
        }
    }

    /// <summary>The first fifths of the rows of each class outside the fold, ascending.</summary>
    internal int[] Part(int fold, int fifths) =>
    [
        .. _classes.Select(rows => rows.Where(row => _folds[row] != fold).ToArray())
            .SelectMany(rows => rows.Take((rows.Length * fifths + Points - 1) / Points)).Order(),
    ];

    private IEnumerable<int> Rows(Func<int, bool> ofFold) => Enumerable.Range(0, _folds.Length).Where(row => ofFold(_folds[row]));

    private static int[][] Sample(FeatureMatrix data, int seed)
    {
        var random = RandomStream.For(seed, (long)RandomPurpose.Folds);
        long[] classes = data.Targets.ToArray();
        double fraction = Math.Min(1, (double)MostRows / data.Rows);
        return
        [
            .. Enumerable.Range(0, data.Rows).GroupBy(row => classes[row]).OrderBy(group => group.Key).Select(group =>
            {
                int[] members = [.. group];
                random.Shuffle(members.AsSpan());
                return members[..(int)Math.Ceiling(fraction * members.Length)];
            }),
        ];
    }
}
