// Decides whether a checkpoint's head answers for the classes of a task.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
