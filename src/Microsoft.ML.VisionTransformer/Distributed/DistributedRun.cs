// Which of several processes this is, for programs that are started with mpirun.
using Microsoft.ML.VisionTransformer.Distributed;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The place of this process among those that an MPI launcher (<c>mpirun -n 4 program</c>) started together. A program that was started by hand is process
/// 0 of 1, and no MPI library is loaded. The first use joins the others; the end of the process leaves them.
/// </summary>
/// <example><code>
/// if (DistributedRun.IsMain)
///     mlContext.Model.Save(model, data.Schema, "model.zip");    // every process has the model; one writes it
/// </code></example>
/// <exception cref="InvalidOperationException">A launcher started the process, but there is no MPI library; the message says what to install.</exception>
public static class DistributedRun
{
    /// <summary>Number of this process, from 0.</summary>
    public static int Rank => ProcessGroup.Current?.Rank ?? 0;

    /// <summary>Number of processes, at least 1.</summary>
    public static int Size => ProcessGroup.Current?.Size ?? 1;

    /// <summary>Whether this is process 0: the one that writes files and tells of the run.</summary>
    public static bool IsMain => Rank == 0;

    /// <summary>
    /// Gives every process the bytes of all, by rank. All processes call it, in the same order, and each waits there for the others: this is how the
    /// results of rows that were shared out come together.
    /// </summary>
    /// <param name="own">What this process has; lengths may differ. All together are less than 2 GiB.</param>
    /// <returns>One entry a process, by rank; alone, a copy of <paramref name="own"/>.</returns>
    /// <exception cref="IOException">The other processes cannot be reached.</exception>
    public static IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => ProcessGroup.Current?.Gather(own) ?? [own.ToArray()];
}
