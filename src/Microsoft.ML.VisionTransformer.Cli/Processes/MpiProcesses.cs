// The processes of an MPI job; without a launcher it is this one alone.
namespace Microsoft.ML.VisionTransformer.Cli.Processes;

internal sealed class MpiProcesses : IProcessGroup
{
    public int Rank => DistributedRun.Rank;

    public int Size => DistributedRun.Size;

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => DistributedRun.Gather(own);
}
