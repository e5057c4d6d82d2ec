// Lets the backward pass of a network run block by block.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// TorchSharp has no hooks that say when a gradient is complete. So the forward pass is cut between blocks: what leaves a block enters the next one as a new leaf of autograd's
/// graph, and the backward pass goes from leaf to leaf. The gradients are the same, bit for bit, and after each piece those of its parameters are final.
/// </summary>
internal sealed class BackwardCuts : IDisposable
{
    private readonly List<(int Layer, Tensor End, Tensor Leaf)> _cuts = [];

    /// <summary>Cuts behind a layer.</summary>
    /// <param name="tokens">What leaves the layer; taken over, unless no gradient goes through it.</param>
    /// <param name="layer">0 for the embeddings, i + 1 for block i.</param>
    /// <returns>What enters the next layer.</returns>
    internal Tensor Cut(Tensor tokens, int layer)
    {
        if (!tokens.requires_grad)
            return tokens;
        var end = tokens.DetachFromDisposeScope();
        var leaf = end.detach().requires_grad_(true).DetachFromDisposeScope();
        _cuts.Add((layer, end, leaf));
        return leaf;
    }

    /// <summary>The backward pass.</summary>
    /// <param name="loss">What to differentiate, a number.</param>
    /// <param name="finished">Told each layer whose gradients and those of all above it are final, from the last cut layer + 1 down to the first.</param>
    internal void Backward(Tensor loss, Action<int> finished)
    {
        loss.backward();
        for (int i = _cuts.Count - 1; i >= 0; i--)
        {
            var (layer, end, leaf) = _cuts[i];
            finished(layer + 1);
            using var gradient = leaf.grad ?? throw new InvalidOperationException($"The loss does not depend on what leaves layer {layer}.");
            autograd.backward(end, gradient);
        }

        finished(0);
    }

    public void Dispose()
    {
        foreach (var (_, end, leaf) in _cuts)
        {
            end.Dispose();
            leaf.Dispose();
        }
    }
}
