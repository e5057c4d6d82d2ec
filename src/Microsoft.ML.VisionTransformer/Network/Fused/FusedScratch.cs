// What one thread needs while it works on an image.
namespace Microsoft.ML.VisionTransformer.Network;

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
