// What images and threads need while they are worked on, kept from call to call.
using System.Collections.Concurrent;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Gives out memory and takes it back; as much is made as is in use at once. Safe for several threads.</summary>
internal sealed class FusedMemory(FusedShape shape) : IDisposable
{
    private readonly ConcurrentBag<FusedWorkspace> _workspaces = [];
    private readonly ConcurrentBag<FusedScratch> _scratches = [];

    internal FusedWorkspace TakeWorkspace() => _workspaces.TryTake(out var workspace) ? workspace : new FusedWorkspace(shape);

    internal FusedScratch TakeScratch() => _scratches.TryTake(out var scratch) ? scratch : new FusedScratch(shape);

    internal void Return(FusedWorkspace workspace) => _workspaces.Add(workspace);

    internal void Return(FusedScratch scratch) => _scratches.Add(scratch);

    public void Dispose()
    {
        while (_workspaces.TryTake(out var workspace))
            workspace.Dispose();
        while (_scratches.TryTake(out var scratch))
            scratch.Dispose();
    }
}
