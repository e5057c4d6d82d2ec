// How much each token has of what the head sees.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>
/// Shares [N, T] that sum to 1 over the tokens: which rows of a relevance matrix [N, T, T] a map is made of. An attention pool has weights of its own
/// instead.
/// </summary>
internal static class PooledShares
{
    /// <param name="architecture">Says how tokens are pooled.</param>
    /// <param name="tokens">What enters the pool, [N, T, D].</param>
    /// <exception cref="NotSupportedException">The network does not pool its tokens.</exception>
    internal static Tensor Of(VisionTransformerArchitecture architecture, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        int skipped = architecture.UnpooledTokens;
        var shares = architecture.Pooling switch
        {
            TokenPooling.ClassToken => Even(tokens, 0, architecture.DistillationToken ? 2 : 1),
            TokenPooling.Average => Even(tokens, skipped),
            TokenPooling.Max => Won(tokens, skipped),
            TokenPooling.AverageAndMax => Even(tokens, skipped).Plus(Won(tokens, skipped)).Times(0.5),
            TokenPooling.ClassTokenAndAverage => Even(tokens, 0, 1).Plus(Even(tokens, skipped)).Times(0.5),
            _ => throw new NotSupportedException($"The network pools by {architecture.Pooling}: there is no one place that its output comes from, and so no map."),
        };
        return shares.MoveToOuterDisposeScope();
    }

    /// <summary>The same share for some tokens in a row.</summary>
    private static Tensor Even(Tensor tokens, long first, long count)
    {
        var shares = zeros(tokens.size(0), tokens.size(1), dtype: tokens.dtype, device: tokens.device);
        using var filled = shares.narrow(1, first, count);
        using var share = (1.0 / count).ToScalar();
        filled.fill_(share);
        return shares;
    }

    private static Tensor Even(Tensor tokens, long first) => Even(tokens, first, tokens.size(1) - first);

    /// <summary>The share of dimensions in which a token is the largest.</summary>
    private static Tensor Won(Tensor tokens, long first)
    {
        using var winners = tokens.narrow(1, first, tokens.size(1) - first).argmax(1);    // [N, D], counted from the first that is pooled
        var won = nn.functional.one_hot(winners, tokens.size(1) - first).to(ScalarType.Float32).mean([1]);
        return first == 0 ? won : cat([zeros(won.size(0), first, dtype: won.dtype, device: won.device), won], 1);
    }
}
