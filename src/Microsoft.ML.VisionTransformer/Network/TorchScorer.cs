// Scores with a TorchSharp module: on a GPU, in bfloat16, or where the vectorized code is switched off.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>A network in evaluation mode on a device. Several threads may call it at once.</summary>
internal sealed class TorchScorer : IDisposable
{
    private readonly VisionTransformerNetwork _network;
    private readonly Device _device;
    private readonly ScalarType _type;

    /// <summary>Copies the weights to a module on the device.</summary>
    /// <exception cref="InvalidOperationException">libtorch is missing for this machine, or the device is not available.</exception>
    internal TorchScorer(VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, NamedWeight> weights, ComputeDevice device)
        : this(architecture, weights, device, ScalarType.Float32)
    {
    }

    private TorchScorer(
        VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, NamedWeight> weights, ComputeDevice device, ScalarType type)
    {
        using var state = TorchState.EnterOrdinary();
        using var mode = no_grad();
        _device = TorchRuntime.Named(device.ToString())!;
        _type = type;
        _network = VisionTransformerNetwork.Of(architecture, weights);
        try
        {
            _network.to(type);
            _network.to(_device);
            _network.eval();
        }
        catch
        {
            _network.Dispose();
            throw;
        }
    }

    /// <summary>A copy in bfloat16, which libtorch runs with oneDNN kernels for AVX512_BF16 and AMX.</summary>
    internal static TorchScorer InBFloat16(VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, NamedWeight> weights, ComputeDevice device) =>
        new(architecture, weights, device, ScalarType.BFloat16);

    /// <summary>Class probabilities [count, classes], row-major, of inputs [count, channels, height, width].</summary>
    /// <param name="inputs">At least <paramref name="count"/> inputs.</param>
    /// <param name="count">How many to score.</param>
    /// <param name="temperature">Divides the logits before the softmax (arXiv:1706.04599); 1 leaves them unchanged, bit for bit.</param>
    /// <param name="encoder">Computes the tokens in another precision; null for this network.</param>
    internal float[] Probabilities(float[] inputs, int count, double temperature, TorchScorer? encoder) => Compute(() =>
    {
        var logits = _network.ForwardHead((encoder ?? this).Tokens(inputs, count));
        return nn.functional.softmax(temperature == 1 ? logits : logits.Times(1 / temperature), 1);
    });

    /// <summary>Embeddings [count, width of the kind], row-major.</summary>
    /// <inheritdoc cref="Probabilities"/>
    /// <param name="inputs">At least <paramref name="count"/> inputs.</param>
    /// <param name="count">How many to embed.</param>
    /// <param name="kind">The kind of embedding.</param>
    /// <param name="normalize">Whether each embedding is scaled to Euclidean length 1.</param>
    /// <param name="encoder">Computes the tokens in another precision; null for this network.</param>
    internal float[] Features(float[] inputs, int count, FeatureKind kind, bool normalize, TorchScorer? encoder) => Compute(() =>
    {
        var features = _network.ForwardEmbedding((encoder ?? this).Tokens(inputs, count), kind);
        return normalize ? nn.functional.normalize(features, p: 2, dim: 1) : features;
    });

    /// <summary>Writes the first tokens [count, kept, D] of the inputs in float32.</summary>
    internal void Encode(float[] inputs, int count, int kept, FloatBuffer tokens)
    {
        using var state = TorchState.EnterOrdinary();
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        MemoryMarshal.Cast<byte, float>(Tokens(inputs, count).narrow(1, 0, kept).contiguous().cpu().bytes).CopyTo(tokens.Values);
    }

    /// <summary>The network for explanations. The caller disposes it, which keeps this network.</summary>
    internal BlockwiseNetwork ByBlocks() => BlockwiseNetwork.Of(_network);

    /// <summary>The weights by name, in float32. They can be opened until this is disposed.</summary>
    internal Dictionary<string, NamedWeight> Weights() => _network.state_dict().ToDictionary(t => t.Key, t => new NamedWeight(t.Key, t.Value.shape, () =>
    {
        using var state = TorchState.EnterOrdinary();
        var copy = new FloatBuffer(t.Value.numel(), clear: false);
        VisionTransformerNetwork.CopyTo(t.Value, copy.Values);
        return OpenWeight.Of(copy);
    }));

    public void Dispose() => _network.Dispose();

    private static float[] Compute(Func<Tensor> compute)
    {
        using var state = TorchState.EnterOrdinary();
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        return compute().cpu().data<float>().ToArray();
    }

    private Tensor Tokens(float[] inputs, int count)
    {
        var architecture = _network.Architecture;
        var images = InputTensor.Of(inputs.AsMemory(0, count * architecture.ImageValues), count, architecture, _device);
        return _type == ScalarType.Float32 ? _network.ForwardFeatures(images) : _network.ForwardFeatures(images.to(_type)).to(ScalarType.Float32);
    }
}

/// <summary>Batches of network input as tensors.</summary>
internal static class InputTensor
{
    /// <summary>A batch [count, channels, height, width] on a device.</summary>
    internal static Tensor Of(Memory<float> inputs, int count, VisionTransformerArchitecture architecture, Device device) =>
        tensor(inputs, [count, architecture.Channels, architecture.ImageSize.Height, architecture.ImageSize.Width], device: device);
}
