// Runs a network and makes maps over the patches of its images.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using TorchSharp;
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
        var fractions = end.Pool is null ? PooledTokenWeights.Of(architecture, end.Tokens) : OverAllTokens(architecture, AttentionRollout.OfPool(end.Pool));
        return Rows(fractions, AttentionRollout.Of(weights));
    }

    /// <summary>
    /// The same for the sum of the chosen logits: images do not see each other, so that each has the gradients of its own. From the last block to the first each runs again and hands the
    /// gradients back to the one before it, so that autograd keeps what one of them computes.
    /// </summary>
    private static Tensor ByGradients(BlockwiseNetwork network, Pass pass, Tensor chosen)
    {
        var (architecture, pool) = (network.Architecture, pass.End.Pool);
        var gradients = autograd.grad([chosen], pool is null ? [pass.Last] : [pass.Last, pool]);
        var fractions = pool is null ? WithoutGradients(() => PooledTokenWeights.Of(architecture, pass.End.Tokens)) : OverAllTokens(architecture, Weigh(pool, gradients[1]).squeeze(1));
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

        return WithoutGradients(() => Rows(fractions, GradientAttention.Propagate(weighed)));
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
    private static Tensor Rows(Tensor fractions, Tensor relevance) => fractions.unsqueeze(1).matmul(relevance).squeeze(1);

    private static T[] Read<T>(Tensor values)
        where T : unmanaged => values.detach().contiguous().cpu().data<T>().ToArray();

    /// <summary>A forward pass whose gradients are wanted.</summary>
    /// <param name="Entered">The tokens that entered each block.</param>
    /// <param name="Last">Those that left the last one; gradients are taken by them.</param>
    /// <param name="End">What followed.</param>
    private sealed record Pass(IReadOnlyList<Tensor> Entered, Tensor Last, TracedEnd End);
}

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

internal static class ExplainedClass
{
    private const int MostListed = 20;

    /// <summary>The index of the class that the options ask for; null for the predicted one.</summary>
    /// <exception cref="ArgumentException">There is no such class, several have that name, or name and index are both given; the message lists the classes.</exception>
    internal static int? Find(ExplanationOptions options, IReadOnlyList<string> classes)
    {
        Guard.That(
            options.ClassName is null || options.ClassIndex is null,
            nameof(options.ClassIndex),
            "ClassName and ClassIndex are both set; set one of them, or neither for the predicted class.");
        if (options.ClassIndex is { } index)
        {
            Guard.That(index >= 0 && index < classes.Count, nameof(options.ClassIndex), Wrong($"ClassIndex is {index}; it counts from 0.", classes));
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
                $"The model has {found.Length} classes '{MessageText.Of(name)}', with the indexes {indexes}; set ClassIndex to one of them in place of ClassName.",
                nameof(ExplanationOptions.ClassName));
        }

        string meant = MessageText.Of(NearestName.To(name, classes));
        throw new ArgumentException(Wrong($"There is no class '{MessageText.Of(name)}'; did you mean '{meant}'?", classes), nameof(ExplanationOptions.ClassName));
    }

    private static string Wrong(FormattableString what, IReadOnlyList<string> classes) =>
        string.Create(CultureInfo.InvariantCulture, $"{FormattableString.Invariant(what)} The model has {classes.Count} classes: {MessageText.List(classes, MostListed)}.");
}

/// <summary>
/// Shares [N, T] that sum to 1 over the tokens: which rows of a relevance matrix [N, T, T] a map is made of. An attention pool has weights of its own
/// instead.
/// </summary>
internal static class PooledTokenWeights
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
        var fractions = parts.Select(part => Of(architecture, part, tokens)).Aggregate((sum, next) => sum.Plus(next));
        return (parts.Length == 1 ? fractions : fractions.Times(1.0 / parts.Length)).MoveToOuterDisposeScope();
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
        var fractions = zeros(tokens.size(0), tokens.size(1), dtype: tokens.dtype, device: tokens.device);
        using var filled = fractions.narrow(1, first, count);
        using var fraction = (1.0 / count).ToScalar();
        filled.fill_(fraction);
        return fractions;
    }

    /// <summary>The share of dimensions in which a token is the largest.</summary>
    private static Tensor Won(Tensor tokens, long first)
    {
        using var winners = tokens.narrow(1, first, tokens.size(1) - first).argmax(1);    // [N, D], counted from the first that is pooled
        var won = nn.functional.one_hot(winners, tokens.size(1) - first).to(ScalarType.Float32).mean([1]);
        return first == 0 ? won : cat([zeros(won.size(0), first, dtype: won.dtype, device: won.device), won], 1);
    }
}
