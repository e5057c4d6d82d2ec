// Excludes the first blocks of a network from training.
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// The first blocks and everything before them: patch embedding, class, distillation and register tokens, position embedding, and the norm before the
/// blocks.
/// </summary>
/// <param name="Depth">Number of blocks of the network.</param>
/// <param name="Count">Number of frozen blocks; 0 freezes nothing, including the embeddings.</param>
internal sealed record FrozenBlocks(int Depth, int Count)
{
    /// <summary>Turns gradients off for the frozen parameters.</summary>
    internal void Freeze(torch.nn.Module network)
    {
        foreach (var (name, parameter) in network.named_parameters())
            parameter.requires_grad = !Contains(name);
    }

    /// <summary>Turns gradients on for all parameters.</summary>
    internal static void Thaw(torch.nn.Module network)
    {
        foreach (var parameter in network.parameters())
            parameter.requires_grad = true;
    }

    /// <summary>Sets training mode for the network and evaluation mode for its frozen blocks, which then have no dropout or stochastic depth.</summary>
    internal void Train(torch.nn.Module network)
    {
        network.train();
        foreach (var (name, module) in network.named_modules())
        {
            if (name.StartsWith(LayerDecay.Block, StringComparison.Ordinal) && Contains(name + "."))
                module.eval();
        }
    }

    private bool Contains(string name)
    {
        if (Count == 0 || name.StartsWith("norm.", StringComparison.Ordinal))
            return false;
        return name.StartsWith("norm_pre.", StringComparison.Ordinal) || new LayerDecay(Depth, 1, 1).LayerOf(name) <= Count;
    }
}
