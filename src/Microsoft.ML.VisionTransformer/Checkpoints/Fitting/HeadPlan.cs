// Decides whether a checkpoint's head is kept, reordered or replaced for a task, and writes the head's initial values.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

/// <summary>How a checkpoint's head is handled for a task.</summary>
/// <param name="Fit">Whether the head is kept, reordered or replaced.</param>
/// <param name="Rows">For each class of the task, the row of that class in the checkpoint's head; empty for a new head.</param>
/// <param name="Reason">A sentence for the log.</param>
internal sealed record HeadPlan(HeadFit Fit, IReadOnlyList<int> Rows, string Reason)
{
    /// <summary>
    /// The head is kept if the class names and their order match. If only the order differs, its rows are reordered. Otherwise the head is new. Names are
    /// compared ordinally: "Rose" is not "rose".
    /// </summary>
    /// <param name="stored">Class names in the order of the head's outputs; null if the checkpoint does not name them.</param>
    /// <param name="taskClasses">The task's classes in order.</param>
    internal static HeadPlan Decide(IReadOnlyList<string>? stored, IReadOnlyList<string> taskClasses)
    {
        Guard.NotNull(taskClasses);
        if (stored is null)
            return New("the checkpoint does not name its classes");
        if (stored.SequenceEqual(taskClasses, StringComparer.Ordinal))
            return new HeadPlan(
                HeadFit.Kept, [.. Enumerable.Range(0, taskClasses.Count)], $"The head is kept: its {taskClasses.Count} classes are those of the task.");
        if (stored.Count != taskClasses.Count)
            return New($"the checkpoint has {stored.Count} classes and the task {taskClasses.Count}");
        return Repeated(stored) is { } name
            ? New($"the checkpoint has the class {MessageText.Of(name)} twice, and the task's classes do not match in names and order")
            : Match(stored, taskClasses);
    }

    private static HeadPlan Match(IReadOnlyList<string> stored, IReadOnlyList<string> taskClasses)
    {
        var rowOf = stored.Select((name, row) => (name, row)).ToDictionary(p => p.name, p => p.row, StringComparer.Ordinal);
        int[] rows = new int[taskClasses.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            if (!rowOf.Remove(taskClasses[i], out rows[i]))
                return New($"the task's class {MessageText.Of(taskClasses[i])} is not in the checkpoint, or is listed twice");
        }

        return new HeadPlan(
            HeadFit.Reordered, rows, $"The head is kept and its rows are reordered: its {rows.Length} classes are those of the task in another order.");
    }

    private static string? Repeated(IReadOnlyList<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return names.FirstOrDefault(name => !seen.Add(name));
    }

    private static HeadPlan New(string reason) => new(HeadFit.New, [], $"The head is new: {reason}.");
}

/// <summary>How a checkpoint's head is handled.</summary>
internal enum HeadFit
{
    /// <summary>The head is used unchanged.</summary>
    Kept,

    /// <summary>The rows are reordered to match the task's classes.</summary>
    Reordered,

    /// <summary>The head is not loaded; a new one starts at zero.</summary>
    New,
}

/// <summary>
/// Initial values of a task's head: a weight [K, D] and a bias [K] for K classes. The bias is handled as a weight with one column.
/// </summary>
internal static class HeadValues
{
    /// <summary>Writes the checkpoint's rows in the order of the task's classes, or zeros for a new head, which makes all classes equally likely.</summary>
    /// <param name="stored">The checkpoint's values, row-major; ignored for a new head.</param>
    /// <param name="result">Receives one row per class of the task.</param>
    /// <param name="columns">D for the weight, 1 for the bias.</param>
    /// <param name="plan">The result of <see cref="HeadPlan.Decide"/>.</param>
    internal static void Write(ReadOnlySpan<float> stored, Span<float> result, int columns, HeadPlan plan)
    {
        Guard.AtLeast(columns, 1);
        if (plan.Fit == HeadFit.New)
        {
            result.Clear();
            return;
        }

        int length = checked(plan.Rows.Count * columns);
        Guard.That(stored.Length == length, nameof(stored), $"The head has {stored.Length} values; {plan.Rows.Count} rows of {columns} are expected.");
        Guard.That(result.Length == length, nameof(result), $"The new head has {length} values, but the span has {result.Length}.");
        for (int i = 0; i < plan.Rows.Count; i++)
            stored.Slice(plan.Rows[i] * columns, columns).CopyTo(result[(i * columns)..]);
    }
}
