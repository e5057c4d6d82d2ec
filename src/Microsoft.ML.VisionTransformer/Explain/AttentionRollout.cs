// Attention rollout.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>Attention rollout (Abnar and Zuidema 2020, arXiv:2005.00928, equation 1), with the mean over heads.</summary>
internal static class AttentionRollout
{
    /// <summary>
    /// Attention weights [N, heads, T, T] of each block, first block first, to R [N, T, T]: per block A = the mean over heads plus I, its rows divided by
    /// their sums; R = A_last ... A_1. Row i says of which tokens of the input token i of the output is made; rows sum to 1.
    /// </summary>
    internal static Tensor Of(IReadOnlyList<Tensor> blocks)
    {
        using var scope = NewDisposeScope();
        var identity = eye(blocks[0].size(-1), dtype: blocks[0].dtype, device: blocks[0].device);
        var rollout = identity.expand(blocks[0].size(0), -1, -1);
        foreach (var weights in blocks)
        {
            var mixed = weights.mean([1]).Plus(identity);
            var next = mixed.div(mixed.sum(-1, keepdim: true)).matmul(rollout);
            rollout.Dispose();
            rollout = next;
        }

        return rollout.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Weights [N, heads, 1, P] of an attention pool to those of its query, [N, P]: the mean over heads. The query is no part of what it gives, so nothing
    /// is added.
    /// </summary>
    internal static Tensor OfPool(Tensor pool)
    {
        using var scope = NewDisposeScope();
        return pool.mean([1]).squeeze(1).MoveToOuterDisposeScope();
    }
}
