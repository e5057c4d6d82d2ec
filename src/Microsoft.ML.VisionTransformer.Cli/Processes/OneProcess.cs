// A process that no launcher started.
namespace Microsoft.ML.VisionTransformer.Cli.Processes;

internal sealed class OneProcess : IProcessGroup
{
    public int Rank => 0;

    public int Size => 1;

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => [own.ToArray()];
}
