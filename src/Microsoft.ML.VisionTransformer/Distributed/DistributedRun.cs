// The rank of this process and the number of processes, for programs started with mpirun.
using Microsoft.ML.VisionTransformer.Distributed;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The processes that an MPI launcher (<c>mpirun -n 4 program</c>) started together. A program started without a launcher is rank 0 of 1, and no MPI
/// library is loaded. The first use joins the process group; the end of the process leaves it.
/// </summary>
/// <example><code>
/// if (DistributedRun.IsMain)
///     mlContext.Model.Save(model, data.Schema, "model.zip");    // every process has the model; one writes it
/// </code></example>
/// <exception cref="InvalidOperationException">
/// A launcher started the process, but no MPI library was found; the message names the package to install.
/// </exception>
public static class DistributedRun
{
    /// <summary>Rank of this process, from 0.</summary>
    public static int Rank => ProcessGroup.Current?.Rank ?? 0;

    /// <summary>Number of processes, at least 1.</summary>
    public static int Size => ProcessGroup.Current?.Size ?? 1;

    /// <summary>Whether this is rank 0, the process that writes files and logs.</summary>
    public static bool IsMain => Rank == 0;

    /// <summary>
    /// Collects the bytes of all processes, by rank, in every process (all-gather). All processes call it, in the same order, and each waits for the
    /// others. Use it to combine results of rows that were split among processes.
    /// </summary>
    /// <param name="own">The bytes of this process; lengths may differ. The total is less than 2 GiB.</param>
    /// <returns>One entry per process, by rank; in a single process, a copy of <paramref name="own"/>.</returns>
    /// <exception cref="IOException">The other processes cannot be reached.</exception>
    public static IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => ProcessGroup.Current?.Gather(own) ?? [own.ToArray()];
}
