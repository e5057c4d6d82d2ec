// What one image needs on its way through the blocks.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>The numbers of one image at a time; as many threads as it has scratches may work on them together.</summary>
internal sealed unsafe class FusedWorkspace : IDisposable
{
    private readonly FusedShape _shape;
    private readonly FloatBuffer _memory;
    private readonly long _packedLength;
    private readonly List<FusedScratch> _scratches = [];
    private TokenMerger? _merger;

    internal FusedWorkspace(FusedShape shape, long packedLength)
    {
        _shape = shape;
        _packedLength = packedLength;
        // Patches begin behind the prefix, so that their last tile may end further back than that of the tokens.
        long tokens = (long)(shape.PaddedRows + MatrixTile.Rows) * shape.Dimension;
        _memory = new FloatBuffer((4 * tokens) + (packedLength * shape.Heads));
        Tokens = _memory.Start;
        Qkv = Tokens + tokens;
    }

    /// <summary>[T, D], rounded up to whole tiles.</summary>
    internal float* Tokens { get; }

    /// <summary>Queries, keys and values [T, 3 D], rounded up to whole tiles.</summary>
    internal float* Qkv { get; }

    /// <summary>Merges the image's tokens; made when it is first wanted.</summary>
    internal TokenMerger Merger => _merger ??= new TokenMerger(_shape);

    /// <summary>Packed keys and values of a head.</summary>
    internal float* Packed(int head) => Qkv + ((nint)(_shape.PaddedRows + MatrixTile.Rows) * 3 * _shape.Dimension) + ((nint)head * (nint)_packedLength);

    /// <summary>Memory of a thread, from 0.</summary>
    internal FusedScratch Scratch(int thread) => _scratches[thread];

    /// <summary>Makes sure that so many threads have memory.</summary>
    internal void Reserve(int threads)
    {
        while (_scratches.Count < threads)
            _scratches.Add(new FusedScratch(_shape));
    }

    public void Dispose()
    {
        foreach (var scratch in _scratches)
            scratch.Dispose();
        _merger?.Dispose();
        _memory.Dispose();
    }
}
