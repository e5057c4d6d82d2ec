// Attention weighted by the gradients of a class.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>
/// Generic attention explainability for self-attention (Chefer, Gur and Wolf 2021, arXiv:2103.15679, section 3.1): a block hands relevance on where its
/// attention raises the logit of a class.
/// </summary>
internal static class GradientAttention
{
    /// <summary>
    /// Weights [N, heads, Q, T] and the logit's gradients by them to A_bar [N, Q, T]: the mean over heads of the positive part of weight times gradient
    /// (equation 5).
    /// </summary>
    internal static Tensor Weigh(Tensor weights, Tensor gradients)
    {
        using var scope = NewDisposeScope();
        return weights.mul(gradients).relu().mean([1]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// A_bar [N, T, T] of each block, first block first, to R [N, T, T]: R = I, then R = R + A_bar R for each block (equation 6). Row i is the relevance of the
    /// tokens of the input for token i of the output; it is at least 0 and has no upper bound.
    /// </summary>
    internal static Tensor Propagate(IReadOnlyList<Tensor> weighed)
    {
        using var scope = NewDisposeScope();
        var relevance = eye(weighed[0].size(-1), dtype: weighed[0].dtype, device: weighed[0].device).expand(weighed[0].size(0), -1, -1);
        foreach (var block in weighed)
        {
            var next = relevance.Plus(block.matmul(relevance));
            relevance.Dispose();
            relevance = next;
        }

        return relevance.MoveToOuterDisposeScope();
    }
}
