// The processes that a launcher started together: MPI's, or threads of a test.
namespace Microsoft.ML.VisionTransformer.Cli.Processes;

internal interface IProcessGroup
{
    /// <summary>Number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes, at least 1.</summary>
    int Size { get; }

    /// <summary>Gives every process the bytes of all, by rank. All call it, in the same order, and wait there for each other.</summary>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own);
}
