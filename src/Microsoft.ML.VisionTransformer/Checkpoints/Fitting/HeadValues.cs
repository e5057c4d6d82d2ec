// The values that a head starts with on a task.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A head is a weight [K, D] and a bias [K] for K classes; both are fitted alike, a bias as a weight of one column.</summary>
internal static class HeadValues
{
    /// <summary>Writes a checkpoint's rows in the order of the task's classes, or zeros for a new head: then every class is as likely as the others.</summary>
    /// <param name="stored">The checkpoint's values, row-major; not looked at for a new head.</param>
    /// <param name="result">Room for one row per class of the task.</param>
    /// <param name="columns">D for the weight, 1 for the bias.</param>
    /// <param name="plan">What <see cref="HeadPlan.Decide"/> said.</param>
    internal static void Write(ReadOnlySpan<float> stored, Span<float> result, int columns, HeadPlan plan)
    {
        Guard.AtLeast(columns, 1);
        if (plan.Fit == HeadFit.New)
        {
            result.Clear();
            return;
        }

        int length = checked(plan.Rows.Count * columns);
        Guard.That(stored.Length == length, nameof(stored), $"The head has {stored.Length} values, {plan.Rows.Count} rows of {columns} are expected.");
        Guard.That(result.Length == length, nameof(result), $"The new head has {length} values, there is room for {result.Length}.");
        for (int i = 0; i < plan.Rows.Count; i++)
            stored.Slice(plan.Rows[i] * columns, columns).CopyTo(result[(i * columns)..]);
    }
}
