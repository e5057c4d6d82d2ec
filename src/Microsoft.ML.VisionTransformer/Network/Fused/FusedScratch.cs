// What one thread needs while it works on rows of tokens.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Memory for up to <see cref="Rows"/> rows at a time.</summary>
internal sealed unsafe class FusedScratch : IDisposable
{
    /// <summary>
    /// Rows whose numbers of one block of inputs fit the second-level cache, 166 KB. The more there are, the less often the weights come by; the 197 tokens of an image are two times as
    /// many.
    /// </summary>
    internal const int Rows = 108;

    private readonly FloatBuffer _memory;

    internal FusedScratch(FusedShape shape)
    {
        long normed = (long)Rows * shape.Dimension, hidden = (long)Rows * shape.Widest, gated = (long)Rows * shape.Gated;
        long scores = (long)FusedAttention.Queries * shape.PaddedTokens, mixed = (long)FusedAttention.Queries * shape.PaddedHeadWidth;
        _memory = new FloatBuffer((2 * normed) + hidden + gated + scores + mixed);
        Normed = _memory.Start;
        Attended = Normed + normed;
        Hidden = Attended + normed;
        Gated = Hidden + hidden;
        Scores = Gated + gated;
        Mixed = Scores + scores;
    }

    /// <summary>Rows behind a norm, [rows, D].</summary>
    internal float* Normed { get; }

    /// <summary>What attention gives, all heads side by side, [rows, D].</summary>
    internal float* Attended { get; }

    /// <summary>What the first layer of the MLP gives, [rows, hidden] or twice that; before the first block the pixels of patches.</summary>
    internal float* Hidden { get; }

    /// <summary>The gated half of it, [rows, hidden].</summary>
    internal float* Gated { get; }

    /// <summary>Attention scores of one head, [queries, padded tokens].</summary>
    internal float* Scores { get; }

    /// <summary>What one head gives, [queries, padded width of a head].</summary>
    internal float* Mixed { get; }

    public void Dispose() => _memory.Dispose();
}
