// Splits validation rows off the training rows, the same fraction of each class.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.Plan;

namespace Microsoft.ML.VisionTransformer.Training.Data;

internal static class StratifiedSplit
{
    /// <summary>
    /// Picks round(fraction * n) rows of each class at random and always leaves at least one to train on; both parts keep the order of the rows.
    /// </summary>
    internal static (TrainingRow[] Training, TrainingRow[] Validation) Cut(TrainingRow[] rows, double fraction, int seed)
    {
        var random = RandomStream.For(seed, (long)RandomPurpose.Split);
        bool[] validates = new bool[rows.Length];
        foreach (var group in Enumerable.Range(0, rows.Length).GroupBy(i => rows[i].Class).OrderBy(g => g.Key))
        {
            int[] members = [.. group];
            random.Shuffle(members.AsSpan());
            int kept = Math.Min((int)Math.Round(fraction * members.Length), members.Length - 1);
            foreach (int row in members.AsSpan(0, kept))
                validates[row] = true;
        }

        return ([.. rows.Where((_, i) => !validates[i])], [.. rows.Where((_, i) => validates[i])]);
    }
}
