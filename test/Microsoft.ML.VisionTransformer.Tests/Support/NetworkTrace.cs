// A forward pass of a network in one autograd graph, with everything that explanations read from it.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Network;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <param name="Blocks">Attention weights of each block, [N, heads, T, T].</param>
/// <param name="Pool">Attention weights of the attention pool; null if there is none.</param>
/// <param name="Logits">[N, classes].</param>
internal sealed record NetworkTrace(IReadOnlyList<Tensor> Blocks, Tensor? Pool, Tensor Logits);

internal static class NetworkTraces
{
    internal static NetworkTrace Trace(this VisionTransformerNetwork network, Tensor x)
    {
        using var scope = NewDisposeScope();
        var (last, weights) = RunBlocks(network, x);
        var end = network.TraceEnd(last);
        scope.MoveToOuter(weights);
        scope.MoveToOuter(end.Logits);
        if (end.Pool is not null)
            scope.MoveToOuter(end.Pool);
        return new NetworkTrace(weights, end.Pool, end.Logits);
    }

    internal static IReadOnlyList<Tensor> AttentionWeights(this VisionTransformerNetwork network, Tensor x)
    {
        using var scope = NewDisposeScope();
        var (_, weights) = RunBlocks(network, x);
        scope.MoveToOuter(weights);
        return weights;
    }

    /// <summary>The maps of a complete network.</summary>
    internal static AttentionMaps Explain(this VisionTransformerNetwork network, Tensor images, ExplanationMethod method, int? target, double temperature) =>
        AttentionMaps.Of(BlockwiseNetwork.Of(network), images, method, target, temperature);

    private static (Tensor Last, List<Tensor> Weights) RunBlocks(VisionTransformerNetwork network, Tensor x)
    {
        var tokens = network.Enter(x);
        var all = new List<Tensor>();
        for (int i = 0; i < network.Architecture.Depth; i++)
        {
            (tokens, var weights) = network.RunBlock(i, tokens);
            all.Add(weights);
        }

        return (tokens, all);
    }
}
