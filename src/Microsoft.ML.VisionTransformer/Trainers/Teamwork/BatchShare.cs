// Which rows of a batch a process takes.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>The shares of all processes are disjoint and together the batch.</summary>
internal static class BatchShare
{
    /// <summary>The rows of one process, out of those of all.</summary>
    /// <param name="rows">The batch of all.</param>
    /// <param name="rank">Number of the process.</param>
    /// <param name="size">Number of processes.</param>
    /// <param name="inPairs">
    /// Whether rows i and n - 1 - i stay together and so take their places, because mixup and cutmix mix them. Shares then differ by two rows at most, else by one.
    /// </param>
    internal static int[] Of(ReadOnlySpan<int> rows, int rank, int size, bool inPairs)
    {
        int n = inPairs ? rows.Length / 2 : rows.Length;
        int start = (int)((long)n * rank / size), end = (int)((long)n * (rank + 1) / size);
        if (!inPairs)
            return rows[start..end].ToArray();
        // The row in the middle of an odd number is its own partner.
        var middle = rows.Length % 2 == 1 && rank == size - 1 ? rows.Slice(n, 1) : [];
        return [.. rows[start..end], .. middle, .. rows[(rows.Length - end)..(rows.Length - start)]];
    }
}
