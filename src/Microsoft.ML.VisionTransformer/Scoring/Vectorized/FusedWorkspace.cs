// What one image needs on its way through the blocks.
using System.Collections.Concurrent;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>The numbers of one image at a time.</summary>
internal sealed unsafe class FusedWorkspace : IDisposable
{
    /// <summary>
    /// Numbers between the rows of matrices that products read, a cache line: without them rows of 1024 or 3072 numbers lie whole pages apart, where they displace each other from
    /// the caches.
    /// </summary>
    private const int Gap = 16;

    private readonly FusedShape _shape;
    private readonly FloatBuffer _memory;
    private readonly long _packedLength;
    private readonly float* _packed;
    private TokenMerger? _merger;

    internal FusedWorkspace(FusedShape shape)
    {
        _shape = shape;
        _packedLength = shape.PackedKeysAndValues;
        // Patches begin behind the prefix, so that their last tile may end further back than that of the tokens.
        long rows = shape.PaddedRows + MatrixTile.Rows;
        int dimension = shape.Dimension, normed = dimension + Gap, wide = shape.Widest + Gap;
        _memory = new FloatBuffer((rows * (4L * dimension + normed + wide)) + (_packedLength * shape.Heads));
        Tokens = new FusedRows(_memory.Start, dimension);
        Qkv = new FusedRows(Tokens.Row((int)rows), 3 * dimension);
        Normed = new FusedRows(Qkv.Row((int)rows), normed);
        Wide = new FusedRows(Normed.Row((int)rows), wide);
        _packed = Wide.Row((int)rows);
    }

    /// <summary>[T, D].</summary>
    internal FusedRows Tokens { get; }

    /// <summary>Queries, keys and values, [T, 3 D].</summary>
    internal FusedRows Qkv { get; }

    /// <summary>Tokens behind a norm, or what attention gives, all heads side by side, [T, D].</summary>
    internal FusedRows Normed { get; }

    /// <summary>What the first layer of the MLP gives, [T, hidden] or twice that; before the first block the pixels of patches.</summary>
    internal FusedRows Wide { get; }

    /// <summary>Merges the image's tokens; made when it is first wanted.</summary>
    internal TokenMerger Merger => _merger ??= new TokenMerger(_shape);

    /// <summary>Packed keys and values of a head.</summary>
    internal float* Packed(int head) => _packed + ((nint)head * (nint)_packedLength);

    public void Dispose()
    {
        _merger?.Dispose();
        _memory.Dispose();
    }
}

/// <summary>Memory for the attention of some queries of one head.</summary>
internal sealed unsafe class FusedScratch : IDisposable
{
    private readonly FloatBuffer _memory;

    internal FusedScratch(FusedShape shape)
    {
        long scores = (long)FusedAttention.Queries * shape.PaddedTokens, mixed = (long)FusedAttention.Queries * shape.PaddedHeadWidth;
        _memory = new FloatBuffer(scores + mixed);
        Scores = _memory.Start;
        Mixed = Scores + scores;
    }

    /// <summary>Attention scores, [queries, padded tokens].</summary>
    internal float* Scores { get; }

    /// <summary>What the head gives, [queries, padded width of a head].</summary>
    internal float* Mixed { get; }

    public void Dispose() => _memory.Dispose();
}

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
