// Computes relevance maps over the patches of images from the attention of a network.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>Maps of a batch of images.</summary>
/// <param name="Values">[N, patches], row-major; patches row by row.</param>
/// <param name="Classes">The class that each map explains, from 0.</param>
/// <param name="Probabilities">The probability of each class.</param>
internal sealed record AttentionMaps(float[] Values, int[] Classes, float[] Probabilities)
{
    /// <summary>Explains inputs [count, C, H, W], which are copied to the device of the network.</summary>
    /// <inheritdoc cref="Of(BlockwiseNetwork, Tensor, ExplanationMethod, int?, double)"/>
    internal static AttentionMaps Of(
        BlockwiseNetwork network, Memory<float> inputs, int count, ComputeDevice device, ExplanationMethod method, int? target, double temperature)
    {
        using var state = TorchState.EnterOrdinary();
        using var scope = NewDisposeScope();
        return Of(network, InputTensor.Of(inputs, count, network.Architecture, TorchRuntime.Named(device.ToString())!), method, target, temperature);
    }

    /// <summary>
    /// Explains images [N, C, H, W] on the network's device. The network must be in evaluation mode and is not changed: gradients are computed only for
    /// tokens and attention weights, so several threads may explain and score with it at once.
    /// </summary>
    /// <param name="network">A network with a head.</param>
    /// <param name="images">The images; no gradient is computed for them.</param>
    /// <param name="method">How the maps are computed.</param>
    /// <param name="target">The class to explain, from 0; null for the most probable class of each image.</param>
    /// <param name="temperature">Divides the logits before the softmax of the probabilities; the maps use the undivided logits.</param>
    /// <exception cref="NotSupportedException">The method does not support the network; the message says why.</exception>
    internal static AttentionMaps Of(BlockwiseNetwork network, Tensor images, ExplanationMethod method, int? target, double temperature)
    {
        var architecture = network.Architecture;
        if (architecture.Classes == 0)
            throw new NotSupportedException("The network has no classification head, so there is no class to explain. Use a model with a head.");
        bool differentiates = Guard.Defined(method) == ExplanationMethod.GradientAttention;
        // The caller's thread may be in inference mode; autograd does not accept tensors created in it.
        using var mode = inference_mode(false);
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var tokens = network.Enter(images.detach().clone());
        var weights = new List<Tensor>(architecture.Depth);
        var entered = new List<Tensor>(architecture.Depth);
        for (int i = 0; i < architecture.Depth; i++)
        {
            entered.Add(tokens);
            (tokens, var blockWeights) = network.Run(i, tokens);
            if (differentiates)
                blockWeights.Dispose();
            else
                weights.Add(blockWeights);
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
        using var withoutGradients = no_grad();
        var patches = relevance.narrow(1, architecture.PrefixTokens, architecture.PatchTokens);
        var probabilities = end.Logits.Times(1 / temperature).softmax(1).gather(1, chosen);
        return new AttentionMaps(Read<float>(patches), [.. Read<long>(classes).Select(c => (int)c)], Read<float>(probabilities));
    }

    /// <summary>Concatenates the maps of several batches.</summary>
    internal static AttentionMaps Join(IReadOnlyList<AttentionMaps> parts) => parts.Count == 1
        ? parts[0]
        : new([.. parts.SelectMany(p => p.Values)], [.. parts.SelectMany(p => p.Classes)], [.. parts.SelectMany(p => p.Probabilities)]);

    /// <summary>Relevance of all tokens for the input of the head, [N, T], by rollout.</summary>
    private static Tensor ByRollout(VisionTransformerArchitecture architecture, IReadOnlyList<Tensor> weights, TracedEnd end)
    {
        var tokenWeights = end.Pool is null ? PooledTokenWeights.Of(architecture, end.Tokens) : OverAllTokens(architecture, AttentionRollout.OfPool(end.Pool));
        return Rows(tokenWeights, AttentionRollout.Of(weights));
    }

    /// <summary>
    /// Relevance of all tokens by gradients of the sum of the chosen logits. Images do not interact, so each gets its own gradients. From the last block to
    /// the first, each block runs again and passes its gradient to the block before it, so autograd stores the activations of only one block.
    /// </summary>
    private static Tensor ByGradients(BlockwiseNetwork network, Pass pass, Tensor chosen)
    {
        var (architecture, pool) = (network.Architecture, pass.End.Pool);
        var gradients = autograd.grad([chosen], pool is null ? [pass.Last] : [pass.Last, pool]);
        var tokenWeights = pool is null
            ? WithoutGradients(() => PooledTokenWeights.Of(architecture, pass.End.Tokens))
            : OverAllTokens(architecture, Weigh(pool, gradients[1]).squeeze(1));
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

        return WithoutGradients(() => Rows(tokenWeights, GradientAttention.Propagate(weighed)));
    }

    private static Tensor Weigh(Tensor weights, Tensor gradients) => WithoutGradients(() => GradientAttention.Weigh(weights, gradients));

    private static Tensor WithoutGradients(Func<Tensor> compute)
    {
        using var mode = no_grad();
        return compute();
    }

    /// <summary>An attention pool's weights [N, P], padded with 0 for the tokens that it does not read: [N, T].</summary>
    private static Tensor OverAllTokens(VisionTransformerArchitecture architecture, Tensor pool)
    {
        int unseen = architecture.UnpooledTokens;
        return unseen == 0 ? pool : cat([zeros(pool.size(0), unseen, dtype: pool.dtype, device: pool.device), pool], 1);
    }

    /// <summary>The weighted sum of the rows of R [N, T, T] with weights [N, T]: [N, T].</summary>
    private static Tensor Rows(Tensor tokenWeights, Tensor relevance) => tokenWeights.unsqueeze(1).matmul(relevance).squeeze(1);

    private static T[] Read<T>(Tensor values)
        where T : unmanaged => values.detach().contiguous().cpu().data<T>().ToArray();

    /// <summary>A forward pass to differentiate.</summary>
    /// <param name="Entered">The input tokens of each block.</param>
    /// <param name="Last">The output tokens of the last block; gradients are computed for them.</param>
    /// <param name="End">The results after the last block.</param>
    private sealed record Pass(IReadOnlyList<Tensor> Entered, Tensor Last, TracedEnd End);
}

/// <summary>Attention rollout (Abnar and Zuidema 2020, arXiv:2005.00928, equation 1), with the mean over heads.</summary>
internal static class AttentionRollout
{
    /// <summary>
    /// Attention weights [N, heads, T, T] of each block, first block first, to R [N, T, T]: per block A = the mean over heads plus I, with rows divided by
    /// their sums; R = A_last ... A_1. Row i has the contribution of each input token to output token i; rows sum to 1.
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
    /// Weights [N, heads, 1, P] of an attention pool to the weights of its query, [N, P]: the mean over heads. The query has no residual connection, so no
    /// identity is added.
    /// </summary>
    internal static Tensor OfPool(Tensor pool)
    {
        using var scope = NewDisposeScope();
        return pool.mean([1]).squeeze(1).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Generic attention explainability for self-attention (Chefer, Gur and Wolf 2021, arXiv:2103.15679, section 3.1): a block passes on relevance where its
/// attention raises the logit of a class.
/// </summary>
internal static class GradientAttention
{
    /// <summary>
    /// Weights [N, heads, Q, T] and the logit's gradients with respect to them to A_bar [N, Q, T]: the mean over heads of the positive part of weight times
    /// gradient (equation 5).
    /// </summary>
    internal static Tensor Weigh(Tensor weights, Tensor gradients)
    {
        using var scope = NewDisposeScope();
        return weights.mul(gradients).relu().mean([1]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// A_bar [N, T, T] of each block, first block first, to R [N, T, T]: R = I, then R = R + A_bar R for each block (equation 6). Row i is the relevance of the
    /// input tokens for output token i; values are at least 0 and have no upper bound.
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

/// <summary>Finds the class that the options choose.</summary>
internal static class ExplainedClass
{
    private const int MaxListed = 20;

    /// <summary>The index of the class that the options choose; null for the predicted class.</summary>
    /// <exception cref="ArgumentException">The class does not exist, several classes have the name, or name and index are both set.</exception>
    internal static int? Find(ExplanationOptions options, IReadOnlyList<string> classes)
    {
        Guard.That(
            options.ClassName is null || options.ClassIndex is null,
            nameof(options.ClassIndex),
            "ClassName and ClassIndex are both set; set one of them, or neither for the predicted class.");
        if (options.ClassIndex is { } index)
        {
            Guard.That(index >= 0 && index < classes.Count, nameof(options.ClassIndex), WithClasses($"ClassIndex is {index}; indexes start at 0.", classes));
            return index;
        }

        return options.ClassName is null ? null : Find(options.ClassName, classes);
    }

    private static int Find(string name, IReadOnlyList<string> classes)
    {
        int[] found = [.. Enumerable.Range(0, classes.Count).Where(i => string.Equals(classes[i], name, StringComparison.Ordinal))];
        if (found.Length == 1)
            return found[0];
        if (found.Length > 1)
        {
            string indexes = string.Join(", ", found.Select(i => i.ToString(CultureInfo.InvariantCulture)));
            throw new ArgumentException(
                $"The model has {found.Length} classes named '{MessageText.Of(name)}', with the indexes {indexes}; "
                + "set ClassIndex to one of them instead of ClassName.",
                nameof(ExplanationOptions.ClassName));
        }

        string nearest = MessageText.Of(NearestName.To(name, classes));
        throw new ArgumentException(
            WithClasses($"There is no class '{MessageText.Of(name)}'; did you mean '{nearest}'?", classes), nameof(ExplanationOptions.ClassName));
    }

    private static string WithClasses(FormattableString what, IReadOnlyList<string> classes) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{FormattableString.Invariant(what)} The model has {classes.Count} classes: {MessageText.List(classes, MaxListed)}.");
}

/// <summary>
/// The weights [N, T] of the rows of a relevance matrix [N, T, T] in a map; they sum to 1 over the tokens. For an attention pool, its own attention weights
/// are used instead.
/// </summary>
internal static class PooledTokenWeights
{
    /// <summary>The weights of a network's pooling.</summary>
    /// <param name="architecture">The architecture, which defines the pooling.</param>
    /// <param name="tokens">The input of the pool, [N, T, D].</param>
    /// <exception cref="NotSupportedException">The network does not pool its tokens.</exception>
    internal static Tensor Of(VisionTransformerArchitecture architecture, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        TokenPart[] parts = [.. PoolingRecipe.OfHeads(architecture).SelectMany(recipe => recipe.Parts)];
        if (parts.Length == 0)
            throw new NotSupportedException($"The network's Pooling is {architecture.Pooling}; explanations need a network that pools its tokens.");
        var tokenWeights = parts.Select(part => Of(architecture, part, tokens)).Aggregate((sum, next) => sum.Plus(next));
        return (parts.Length == 1 ? tokenWeights : tokenWeights.Times(1.0 / parts.Length)).MoveToOuterDisposeScope();
    }

    private static Tensor Of(VisionTransformerArchitecture architecture, TokenPart part, Tensor tokens)
    {
        int first = part.First(architecture);
        return part.Reduction switch
        {
            TokenReduction.None => Uniform(tokens, first, 1),
            TokenReduction.Mean => Uniform(tokens, first, tokens.size(1) - first),
            TokenReduction.Max => MaxWeights(tokens, first),
            _ => throw new NotSupportedException($"{part.Reduction} has its own attention weights; use those."),
        };
    }

    /// <summary>Equal weights for consecutive tokens.</summary>
    private static Tensor Uniform(Tensor tokens, long first, long count)
    {
        var tokenWeights = zeros(tokens.size(0), tokens.size(1), dtype: tokens.dtype, device: tokens.device);
        using var filled = tokenWeights.narrow(1, first, count);
        using var weight = (1.0 / count).ToScalar();
        filled.fill_(weight);
        return tokenWeights;
    }

    /// <summary>The fraction of dimensions in which each token has the largest value.</summary>
    private static Tensor MaxWeights(Tensor tokens, long first)
    {
        using var winners = tokens.narrow(1, first, tokens.size(1) - first).argmax(1);    // [N, D], index among the pooled tokens
        var tokenWeights = nn.functional.one_hot(winners, tokens.size(1) - first).to(ScalarType.Float32).mean([1]);
        return first == 0 ? tokenWeights : cat([zeros(tokenWeights.size(0), first, dtype: tokenWeights.dtype, device: tokenWeights.device), tokenWeights], 1);
    }
}
