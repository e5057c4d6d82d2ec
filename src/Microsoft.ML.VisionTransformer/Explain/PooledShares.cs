// How much each token has of what the head sees.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
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
        TokenPart[] parts = [.. PoolingRecipe.OfHeads(architecture).SelectMany(recipe => recipe.Parts)];
        if (parts.Length == 0)
            throw new NotSupportedException($"The network pools by {architecture.Pooling}: there is no one place that its output comes from, and so no map.");
        var shares = parts.Select(part => Of(architecture, part, tokens)).Aggregate((sum, next) => sum.Plus(next));
        return (parts.Length == 1 ? shares : shares.Times(1.0 / parts.Length)).MoveToOuterDisposeScope();
    }

    private static Tensor Of(VisionTransformerArchitecture architecture, TokenPart part, Tensor tokens)
    {
        int first = part.First(architecture);
        return part.Reduction switch
        {
            TokenReduction.None => Even(tokens, first, 1),
            TokenReduction.Mean => Even(tokens, first, tokens.size(1) - first),
            TokenReduction.Max => Won(tokens, first),
            _ => throw new NotSupportedException($"{part.Reduction} has weights of its own, which say more than shares."),
        };
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

    /// <summary>The share of dimensions in which a token is the largest.</summary>
    private static Tensor Won(Tensor tokens, long first)
    {
        using var winners = tokens.narrow(1, first, tokens.size(1) - first).argmax(1);    // [N, D], counted from the first that is pooled
        var won = nn.functional.one_hot(winners, tokens.size(1) - first).to(ScalarType.Float32).mean([1]);
        return first == 0 ? won : cat([zeros(won.size(0), first, dtype: won.dtype, device: won.device), won], 1);
    }
}
