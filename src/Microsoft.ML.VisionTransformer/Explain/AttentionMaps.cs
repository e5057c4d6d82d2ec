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
    internal static AttentionMaps Of(VisionTransformerNetwork network, Tensor images, ExplanationMethod method, int? target, double temperature)
    {
        if (network.Architecture.Classes == 0)
            throw new NotSupportedException("The network has no head: it tells no classes apart, and there is none to explain.");
        bool differentiates = Guard.Defined(method) == ExplanationMethod.GradientAttention;
        // Whatever mode the caller's thread is in: autograd takes no tensors that were made in inference mode.
        using var mode = inference_mode(false);
        using var gradients = differentiates ? enable_grad() : no_grad();
        using var scope = NewDisposeScope();
        var input = images.detach().clone();
        var trace = network.Trace(differentiates ? input.requires_grad_() : input);
        var classes = target is null
            ? trace.Logits.argmax(1)
            : tensor(Enumerable.Repeat((long)target.Value, (int)images.size(0)).ToArray(), device: images.device);
        var chosen = classes.unsqueeze(1);
        var relevance = differentiates
            ? ByGradients(network.Architecture, trace, trace.Logits.gather(1, chosen).sum())
            : ByRollout(network.Architecture, trace);
        var patches = relevance.narrow(1, network.Architecture.PrefixTokens, network.Architecture.PatchTokens);
        using var noGradients = no_grad();
        var probabilities = trace.Logits.Times(1 / temperature).softmax(1).gather(1, chosen);
        return new AttentionMaps(Read<float>(patches), [.. Read<long>(classes).Select(c => (int)c)], Read<float>(probabilities));
    }

    /// <summary>The maps of several batches, one after the other.</summary>
    internal static AttentionMaps Join(IReadOnlyList<AttentionMaps> parts) => parts.Count == 1
        ? parts[0]
        : new([.. parts.SelectMany(p => p.Values)], [.. parts.SelectMany(p => p.Classes)], [.. parts.SelectMany(p => p.Probabilities)]);

    /// <summary>Relevance of all tokens for what the head sees, [N, T], by rollout.</summary>
    private static Tensor ByRollout(VisionTransformerArchitecture architecture, AttentionTrace trace)
    {
        var shares = trace.Pool is null ? PooledShares.Of(architecture, trace.Tokens) : OverAllTokens(architecture, AttentionRollout.OfPool(trace.Pool));
        return Rows(shares, AttentionRollout.Of(trace.Blocks));
    }

    /// <summary>The same for the sum of the chosen logits: images do not see each other, so that each has the gradients of its own.</summary>
    private static Tensor ByGradients(VisionTransformerArchitecture architecture, AttentionTrace trace, Tensor chosen)
    {
        Tensor[] weights = trace.Pool is null ? [.. trace.Blocks] : [.. trace.Blocks, trace.Pool];
        var gradients = autograd.grad([chosen], weights);
        using var noGradients = no_grad();
        Tensor[] weighed = [.. weights.Zip(gradients, GradientAttention.Weigh)];
        var shares = trace.Pool is null ? PooledShares.Of(architecture, trace.Tokens) : OverAllTokens(architecture, weighed[^1].squeeze(1));
        return Rows(shares, GradientAttention.Propagate(weighed[..trace.Blocks.Count]));
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
}
