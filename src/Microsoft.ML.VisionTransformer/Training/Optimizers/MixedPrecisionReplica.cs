// A bfloat16 copy of the network that runs the forward and backward passes of mixed-precision training.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// The weights that the optimiser moves keep 32 bits (Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740, section 3.1); before each update the twin
/// gets them rounded, after it its gradients are added to theirs. bfloat16 has the range of 32-bit numbers, so that the loss needs no scaling.
/// </summary>
internal sealed class MixedPrecisionReplica : IDisposable
{
    private readonly FlatParameters _original;
    private readonly FlatParameters _own;

    /// <param name="network">The original.</param>
    /// <param name="parameters">The original's trained parameters.</param>
    /// <param name="rates">How they were grouped.</param>
    /// <param name="frozen">What is not trained.</param>
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

    /// <summary>Takes over the weights.</summary>
    internal void Begin()
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        _own.Values.copy_(_original.Values);
        _own.Gradients.zero_();
    }

    /// <summary>Input of 32-bit numbers to logits of 32-bit numbers.</summary>
    internal Tensor Forward(Tensor input)
    {
        using var rounded = input.to(ScalarType.BFloat16);
        using var logits = Network.forward(rounded);
        return logits.to(ScalarType.Float32);
    }

    /// <summary>
    /// Adds the gradients of a batch to the original's, which keep 32 bits: a sum of several batches in 16 bits would lose each that is less than 1/256 of the sum so far.
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
