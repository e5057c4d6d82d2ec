// The memory of the vectorized encoder: one workspace per image in progress, scratch memory per thread, and a pool of both.
using System.Collections.Concurrent;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>The activations of one image at a time.</summary>
internal sealed unsafe class FusedWorkspace : IDisposable
{
    /// <summary>
    /// Padding between the rows of matrices that products read, in values: one cache line. Without it, rows of 1024 or 3072 values are whole pages apart and
    /// evict each other from the caches.
    /// </summary>
    private const int Gap = 16;

    private readonly FusedShape _shape;
    private readonly FloatBuffer _memory;
    private readonly long _packedLength;
    private readonly float* _packed;
    private TokenMerger? _merger;
    private QuantizedRows? _quantized;

    internal FusedWorkspace(FusedShape shape)
    {
        _shape = shape;
        _packedLength = shape.PackedKeysAndValues;
        // Patches start after the prefix, so their last tile may end after that of the tokens.
        long rows = shape.PaddedRows + MatrixTile.Rows;
        int dimension = shape.PaddedDimension, qkv = shape.QkvStride, normed = dimension + Gap, wide = shape.Widest + Gap;
        _memory = new FloatBuffer((rows * ((long)dimension + qkv + normed + wide)) + (_packedLength * shape.Heads));
        Tokens = new FusedRows(_memory.Start, dimension);
        Qkv = new FusedRows(Tokens.Row((int)rows), qkv);
        Normed = new FusedRows(Qkv.Row((int)rows), normed);
        Wide = new FusedRows(Normed.Row((int)rows), wide);
        _packed = Wide.Row((int)rows);
    }

    /// <summary>[T, D].</summary>
    internal FusedRows Tokens { get; }

    /// <summary>Queries, keys and values, [T, 3 D].</summary>
    internal FusedRows Qkv { get; }

    /// <summary>Normalized tokens, or the output of attention with all heads side by side, [T, D].</summary>
    internal FusedRows Normed { get; }

    /// <summary>Output of the first MLP layer, [T, hidden], or [T, 2 hidden] for SwiGLU; before the first block, the pixels of the patches.</summary>
    internal FusedRows Wide { get; }

    /// <summary>Merges the image's tokens; created on first use.</summary>
    internal TokenMerger Merger => _merger ??= new TokenMerger(_shape);

    /// <summary>The activations that an int8 product reads; created on first use.</summary>
    internal QuantizedRows Quantized => _quantized ??= new QuantizedRows(_shape.PaddedRows + MatrixTile.Rows, _shape.Widest);

    /// <summary>Packed keys and values of a head.</summary>
    internal float* Packed(int head) => _packed + ((nint)head * (nint)_packedLength);

    public void Dispose()
    {
        _merger?.Dispose();
        _quantized?.Dispose();
        _memory.Dispose();
    }
}

/// <summary>Scratch memory for the attention of some queries of one head.</summary>
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

    /// <summary>Output of the head, [queries, padded head width].</summary>
    internal float* Mixed { get; }

    public void Dispose() => _memory.Dispose();
}

/// <summary>A thread-safe pool of memory; it allocates as much as is in use at once.</summary>
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
