// What becomes of a checkpoint's head, and the values that a head starts with.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

/// <summary>The decision.</summary>
/// <param name="Fit">What becomes of the head.</param>
/// <param name="Rows">For each class of the task, the row of the checkpoint's head that stands for it; empty for a new head.</param>
/// <param name="Reason">A sentence for the log.</param>
internal sealed record HeadPlan(HeadFit Fit, IReadOnlyList<int> Rows, string Reason)
{
    /// <summary>
    /// The same names in the same order keep the head, the same names in another order keep its rows, anything else makes a new one. Names are compared by
    /// their characters: "Rose" is not "rose".
    /// </summary>
    /// <param name="stored">Names of the head's outputs in their order; null where the checkpoint does not say.</param>
    /// <param name="wanted">The task's classes in their order.</param>
    internal static HeadPlan Decide(IReadOnlyList<string>? stored, IReadOnlyList<string> wanted)
    {
        Guard.NotNull(wanted);
        if (stored is null)
            return New("the checkpoint does not name its classes");
        if (stored.SequenceEqual(wanted, StringComparer.Ordinal))
            return new HeadPlan(HeadFit.Kept, [.. Enumerable.Range(0, wanted.Count)], $"The head is kept: its {wanted.Count} classes are those of the task.");
        if (stored.Count != wanted.Count)
            return New($"the checkpoint has {stored.Count} classes and the task {wanted.Count}");
        return Repeated(stored) is { } name
            ? New($"the checkpoint has the class {MessageText.Of(name)} twice, and the task's classes are in another order or others")
            : Match(stored, wanted);
    }

    private static HeadPlan Match(IReadOnlyList<string> stored, IReadOnlyList<string> wanted)
    {
        var rowOf = stored.Select((name, row) => (name, row)).ToDictionary(p => p.name, p => p.row, StringComparer.Ordinal);
        int[] rows = new int[wanted.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            if (!rowOf.Remove(wanted[i], out rows[i]))
                return New($"the task's class {MessageText.Of(wanted[i])} is none of the checkpoint's, or is there twice");
        }

        return new HeadPlan(
            HeadFit.Reordered, rows, $"The head is kept and its rows put in order: its {rows.Length} classes are those of the task in another order.");
    }

    private static string? Repeated(IReadOnlyList<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return names.FirstOrDefault(name => !seen.Add(name));
    }

    private static HeadPlan New(string reason) => new(HeadFit.New, [], $"The head is new: {reason}.");
}

/// <summary>What becomes of a checkpoint's head.</summary>
internal enum HeadFit
{
    /// <summary>It is used as it is.</summary>
    Kept,

    /// <summary>Its rows are put into the order of the task's classes.</summary>
    Reordered,

    /// <summary>It is left out, and a new one starts at zero.</summary>
    New,
}

/// <summary>
/// The values that a head starts with on a task. A head is a weight [K, D] and a bias [K] for K classes; both are fitted alike, a bias as a weight of one
/// column.
/// </summary>
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
