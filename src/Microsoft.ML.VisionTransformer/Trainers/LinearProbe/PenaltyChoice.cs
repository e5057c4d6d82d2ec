// Chooses how strongly the weights of a linear probe are held down.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// Cross-validation over a series of penalties, strongest first, each starting from the one before: the smallest mean cross-entropy on rows left out wins. Few rows
/// are all used; of many a sample is enough to tell.
/// </summary>
internal static class PenaltyChoice
{
    private const int Folds = 5, MostRows = 5_000, Iterations = 50;

    /// <summary>Enough to tell penalties apart; the head itself is fitted to a far smaller gradient.</summary>
    private const double Tolerance = 1e-4;

    private static readonly double[] _penalties = [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001];

    /// <summary>Where there are too few rows to leave some out.</summary>
    private const double Standard = 0.1;

    /// <summary>The penalty for these rows.</summary>
    internal static double For(FeatureMatrix data, int seed, Action checkAlive)
    {
        int[] folds = Assign(data, seed);
        if (data.Rows < 2 * Folds)
            return Standard;
        double[] losses = new double[_penalties.Length];
        for (int fold = 0; fold < Folds; fold++)
        {
            checkAlive();
            AddLosses(data, folds, fold, losses);
        }

        return _penalties[Array.IndexOf(losses, losses.Min())];
    }

    private static void AddLosses(FeatureMatrix data, int[] folds, int fold, double[] losses)
    {
        using var training = data.Take([.. Numbers(folds, f => f >= 0 && f != fold)]);
        using var rest = data.Take([.. Numbers(folds, f => f == fold)]);
        double[]? head = null;
        for (int i = 0; i < _penalties.Length; i++)
        {
            head = new LogisticRegression(training, _penalties[i]).Fit(head, Iterations, Tolerance);
            losses[i] += rest.Judge(head).Loss;
        }
    }

    private static IEnumerable<int> Numbers(int[] folds, Func<int, bool> take) =>
        folds.Select((fold, row) => (fold, row)).Where(p => take(p.fold)).Select(p => p.row);

    /// <summary>The fold of each row, the same share of each class in all; -1 for rows beyond the sample.</summary>
    private static int[] Assign(FeatureMatrix data, int seed)
    {
        var random = RandomStream.For(seed, (long)RandomPurpose.Folds);
        int[] folds = new int[data.Rows];
        Array.Fill(folds, -1);
        long[] classes = data.Targets.ToArray();
        int taken = 0;
        double share = Math.Min(1, (double)MostRows / data.Rows);
        foreach (var group in Enumerable.Range(0, data.Rows).GroupBy(row => classes[row]).OrderBy(group => group.Key))
        {
            int[] members = [.. group];
            random.Shuffle(members.AsSpan());
            foreach (int row in members.AsSpan(0, (int)Math.Ceiling(share * members.Length)))
                folds[row] = taken++ % Folds;
        }

        return folds;
    }
}
