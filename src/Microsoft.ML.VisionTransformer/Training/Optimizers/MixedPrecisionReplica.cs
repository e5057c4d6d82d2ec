// A bfloat16 copy of the network that runs the forward and backward passes of mixed-precision training.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// The optimizer updates float32 master weights (Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740, section 3.1). The replica gets a
/// rounded copy of them before each update, and its gradients are added to theirs. bfloat16 has the range of float32, so the loss needs no scaling.
/// </summary>
internal sealed class MixedPrecisionReplica : IDisposable
{
    private readonly FlatParameters _original;
    private readonly FlatParameters _own;

    /// <param name="network">The original network.</param>
    /// <param name="parameters">The original's trained parameters.</param>
    /// <param name="rates">The learning rate scales that the parameters are grouped by.</param>
    /// <param name="frozen">The blocks that are not trained.</param>
    /// <param name="device">The device of both.</param>
    internal MixedPrecisionReplica(VisionTransformerNetwork network, FlatParameters parameters, LayerDecay rates, FrozenBlocks frozen, Device device)
    {
        _original = parameters;
        Network = network.CopyTo(device);
        try
        {
            Network.to(ScalarType.BFloat16);
            frozen.Freeze(Network);
            _own = new FlatParameters(Network, rates);
        }
        catch
        {
            Network.Dispose();
            throw;
        }
    }

    internal VisionTransformerNetwork Network { get; }

    /// <summary>Copies the original weights, rounded to bfloat16, and clears the gradients.</summary>
    internal void Begin()
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        _own.Values.copy_(_original.Values);
        _own.Gradients.zero_();
    }

    /// <summary>The forward pass, from float32 input to float32 logits.</summary>
    internal Tensor Forward(Tensor input)
    {
        using var rounded = input.to(ScalarType.BFloat16);
        using var logits = Network.forward(rounded);
        return logits.to(ScalarType.Float32);
    }

    /// <summary>
    /// Adds the gradients of a batch to the float32 gradients of the original: a bfloat16 sum of several batches would lose any batch below 1/256 of
    /// the sum so far.
    /// </summary>
    internal void AddGradients()
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        _original.Gradients.PlusInPlace(_own.Gradients);
        _own.Gradients.zero_();
    }

    public void Dispose()
    {
        _own.Dispose();
        Network.Dispose();
    }
}
