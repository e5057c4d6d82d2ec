// Leaves the first blocks of a network as they are.
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>The first blocks and all before them: patch embedding, class, distillation and register tokens, positions, and the norm before the blocks.</summary>
/// <param name="Depth">Blocks of the network.</param>
/// <param name="Count">How many are frozen; 0 freezes nothing, the embeddings neither.</param>
internal sealed record FrozenBlocks(int Depth, int Count)
{
    /// <summary>Takes the gradients of the frozen parameters away.</summary>
    internal void Freeze(torch.nn.Module network)
    {
        foreach (var (name, parameter) in network.named_parameters())
            parameter.requires_grad = !Contains(name);
    }

    /// <summary>Gives every parameter its gradient back.</summary>
    internal static void Thaw(torch.nn.Module network)
    {
        foreach (var parameter in network.parameters())
            parameter.requires_grad = true;
    }

    /// <summary>Training mode for the network, evaluation mode for its frozen blocks: they drop nothing.</summary>
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
