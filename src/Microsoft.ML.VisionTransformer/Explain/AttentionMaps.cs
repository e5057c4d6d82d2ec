// Runs a network and makes maps over the patches of its images.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>Maps of some images, row after row.</summary>
/// <param name="Values">[N, patches], patches row by row.</param>
/// <param name="Classes">The class that each map is about, from 0.</param>
/// <param name="Probabilities">Its probability.</param>
internal sealed record AttentionMaps(float[] Values, int[] Classes, float[] Probabilities)
{
    /// <summary>
    /// Explains images [N, C, H, W] on the network's device. The network, in evaluation mode, is left as it was: gradients are taken by the attention
    /// weights alone, and several threads may explain and score with it at once.
    /// </summary>
    /// <param name="network">A network with a head.</param>
    /// <param name="images">The images; they get no gradient.</param>
    /// <param name="method">How the maps are made.</param>
    /// <param name="target">The class to explain, from 0; null for the most probable of each image.</param>
    /// <param name="temperature">Divides the logits before the softmax that gives the probabilities; the maps are of the logits as they are.</param>
    /// <exception cref="NotSupportedException">There is no map for such a network; the message says why.</exception>
    internal static AttentionMaps Of(BlockwiseNetwork network, Tensor images, ExplanationMethod method, int? target, double temperature)
    {
        var architecture = network.Architecture;
        if (architecture.Classes == 0)
            throw new NotSupportedException("The network has no head: it tells no classes apart, and there is none to explain.");
        bool differentiates = Guard.Defined(method) == ExplanationMethod.GradientAttention;
        // Whatever mode the caller's thread is in: autograd takes no tensors that were made in inference mode.
        using var mode = inference_mode(false);
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var tokens = network.Enter(images.detach().clone());
        var weights = new List<Tensor>(architecture.Depth);
        var entered = new List<Tensor>(architecture.Depth);
        for (int i = 0; i < architecture.Depth; i++)
        {
            entered.Add(tokens);
            (tokens, var own) = network.Run(i, tokens);
            if (differentiates)
                own.Dispose();
            else
                weights.Add(own);
        }

        using var gradients = differentiates ? enable_grad() : no_grad();
        var end = network.End(differentiates ? tokens.requires_grad_() : tokens);
        var classes = target is null
            ? end.Logits.argmax(1)
            : tensor(Enumerable.Repeat((long)target.Value, (int)images.size(0)).ToArray(), device: images.device);
        var chosen = classes.unsqueeze(1);
        var relevance = differentiates
            ? ByGradients(network, new Pass(entered, tokens, end), end.Logits.gather(1, chosen).sum())
            : ByRollout(architecture, weights, end);
        using var without = no_grad();
        var patches = relevance.narrow(1, architecture.PrefixTokens, architecture.PatchTokens);
        var probabilities = end.Logits.Times(1 / temperature).softmax(1).gather(1, chosen);
        return new AttentionMaps(Read<float>(patches), [.. Read<long>(classes).Select(c => (int)c)], Read<float>(probabilities));
    }

    /// <summary>The maps of several batches, one after the other.</summary>
    internal static AttentionMaps Join(IReadOnlyList<AttentionMaps> parts) => parts.Count == 1
        ? parts[0]
        : new([.. parts.SelectMany(p => p.Values)], [.. parts.SelectMany(p => p.Classes)], [.. parts.SelectMany(p => p.Probabilities)]);

    /// <summary>Relevance of all tokens for what the head sees, [N, T], by rollout.</summary>
    private static Tensor ByRollout(VisionTransformerArchitecture architecture, IReadOnlyList<Tensor> weights, TracedEnd end)
    {
        var shares = end.Pool is null ? PooledShares.Of(architecture, end.Tokens) : OverAllTokens(architecture, AttentionRollout.OfPool(end.Pool));
        return Rows(shares, AttentionRollout.Of(weights));
    }

    /// <summary>
    /// The same for the sum of the chosen logits: images do not see each other, so that each has the gradients of its own. From the last block to the first each runs again and hands the
    /// gradients back to the one before it, so that autograd keeps what one of them computes.
    /// </summary>
    private static Tensor ByGradients(BlockwiseNetwork network, Pass pass, Tensor chosen)
    {
        var (architecture, pool) = (network.Architecture, pass.End.Pool);
        var gradients = autograd.grad([chosen], pool is null ? [pass.Last] : [pass.Last, pool]);
        var shares = pool is null ? WithoutGradients(() => PooledShares.Of(architecture, pass.End.Tokens)) : OverAllTokens(architecture, Weigh(pool, gradients[1]).squeeze(1));
        var weighed = new Tensor[architecture.Depth];
        var gradient = gradients[0];
        for (int i = architecture.Depth - 1; i >= 0; i--)
        {
            using var scope = NewDisposeScope();
            var entered = pass.Entered[i].requires_grad_();
            var (left, weights) = network.Run(i, entered);
            var ofBlock = autograd.grad([left], [entered, weights], [gradient]);
            gradient = ofBlock[0].MoveToOuterDisposeScope();
            weighed[i] = Weigh(weights, ofBlock[1]).MoveToOuterDisposeScope();
        }

        return WithoutGradients(() => Rows(shares, GradientAttention.Propagate(weighed)));
    }

    private static Tensor Weigh(Tensor weights, Tensor gradients) => WithoutGradients(() => GradientAttention.Weigh(weights, gradients));

    private static Tensor WithoutGradients(Func<Tensor> compute)
    {
        using var mode = no_grad();
        return compute();
    }

    /// <summary>An attention pool's weights [N, P], with 0 for the tokens that it does not see: [N, T].</summary>
    private static Tensor OverAllTokens(VisionTransformerArchitecture architecture, Tensor pool)
    {
        int unseen = architecture.UnpooledTokens;
        return unseen == 0 ? pool : cat([zeros(pool.size(0), unseen, dtype: pool.dtype, device: pool.device), pool], 1);
    }

    /// <summary>Shares [N, T] of the rows of R [N, T, T]: [N, T].</summary>
    private static Tensor Rows(Tensor shares, Tensor relevance) => shares.unsqueeze(1).matmul(relevance).squeeze(1);

    private static T[] Read<T>(Tensor values)
        where T : unmanaged => values.detach().contiguous().cpu().data<T>().ToArray();

    /// <summary>A forward pass whose gradients are wanted.</summary>
    /// <param name="Entered">The tokens that entered each block.</param>
    /// <param name="Last">Those that left the last one; gradients are taken by them.</param>
    /// <param name="End">What followed.</param>
    private sealed record Pass(IReadOnlyList<Tensor> Entered, Tensor Last, TracedEnd End);
}
