// The thread-safe owner of a network in evaluation mode, and its bfloat16 copy.
using System.Runtime.CompilerServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Scoring.Engine;

/// <summary>
/// Owns a network in evaluation mode. Forward passes may run on several threads at once and share the weights. Passes in progress at disposal run
/// to completion; the last of them frees the weights, unless <see cref="ShareWeights"/> created another owner that is still in use.
/// </summary>
/// <remarks>
/// The blocks run in <see cref="FusedEncoder"/> if it supports the processor and the network, otherwise in libtorch. If the AppContext switch
/// <see cref="FusedSwitch"/> is false, they always run in libtorch.
/// </remarks>
internal sealed class ScoringNetwork : IDisposable
{
    /// <summary>Images explained per batch: autograd keeps every activation between their pixels and their logits.</summary>
    private const int ExplanationBatchSize = 4;

    /// <summary>Name of the AppContext switch that enables <see cref="FusedEncoder"/>. Default true.</summary>
    internal const string FusedSwitch = "Microsoft.ML.VisionTransformer.FusedScoring";

    private readonly VisionTransformerNetwork _network;
    private readonly FusedEncoder? _fused;
    private readonly Device _device;
    private readonly StrongBox<int> _owners;
    private readonly object _gate = new();
    private readonly object _copying = new();
    private volatile int _mergedTokens;
    private volatile BFloat16Copy? _copy;
    private volatile ScoringPrecision _precision;
    private int _users;
    private bool _disposed;

    /// <summary>Takes ownership of the network and moves it to the device; on failure the network is disposed.</summary>
    internal ScoringNetwork(VisionTransformerNetwork network, Device device)
    {
        _network = network;
        _device = device;
        _owners = new StrongBox<int>(1);
        try
        {
            network.to(device);
            network.eval();
            bool enabled = !AppContext.TryGetSwitch(FusedSwitch, out bool on) || on;
            if (enabled && device.type == DeviceType.CPU && FusedShape.Fits(network.Architecture))
                _fused = new FusedEncoder(network);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Another owner of the same weights; called while the weights cannot be freed.</summary>
    private ScoringNetwork(ScoringNetwork other)
    {
        (_network, _fused, _device, _owners) = (other._network, other._fused, other._device, other._owners);
        Interlocked.Increment(ref _owners.Value);
    }

    /// <summary>
    /// Another owner of the same weights, for another transformer; the last owner to be disposed frees them. On another device it has its own copy.
    /// </summary>
    /// <param name="device">The compute device; null for the device of this network.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal ScoringNetwork ShareWeights(Device? device) => Keep(() =>
        device is null || (device.type == _device.type && device.index == _device.index)
            ? new ScoringNetwork(this)
            : new ScoringNetwork(_fused is null ? _network.CopyTo(device) : _fused.Restore(), device));

    /// <summary>The network architecture; available after disposal too.</summary>
    internal VisionTransformerArchitecture Architecture => _network.Architecture;

    /// <summary>
    /// Rows scored per batch when a data view is read. On a CPU 16 is enough for two to sixteen cores and takes 10 MB of input at 224 pixels; a GPU needs
    /// more to be busy.
    /// </summary>
    internal int DefaultBatchSize => _device.type == DeviceType.CPU ? 16 : 64;

    /// <summary>Name of the transformers' public property, for error messages.</summary>
    private const string MergedTokensProperty = "MergedTokensPerBlock";

    /// <summary>Pairs of tokens that each block merges into one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="NotSupportedException">The value is not 0 and the network runs in libtorch or does not compute in float32.</exception>
    internal int MergedTokens
    {
        get => _mergedTokens;
        set
        {
            Guard.AtLeast(value, 0, MergedTokensProperty);
            if (value > 0 && _fused is null)
            {
                throw new NotSupportedException(
                    $"{MergedTokensProperty} is {value}, but this network is scored by libtorch, which cannot merge tokens: " +
                    "token merging needs a processor with AVX2 and FMA, and a network without rotary positions whose widths are multiples of 16. " +
                    "Leave it at 0.");
            }

            ThrowIfIncompatible(value, _precision);
            _mergedTokens = value;
        }
    }

    /// <summary>
    /// The precision of the blocks. The bfloat16 weights are created on first use and kept with the float32 weights, which saving and explaining need.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined by the enumeration.</exception>
    /// <exception cref="NotSupportedException">The processor has no bfloat16 multiplication, or tokens are merged.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal ScoringPrecision Precision
    {
        get => _precision;
        set
        {
            if (Guard.Defined(value, nameof(ScoringPrecision)) == ScoringPrecision.BFloat16)
            {
                ThrowIfIncompatible(_mergedTokens, value);
                if (_device.type == DeviceType.CPU && !ProcessorFeatures.MultipliesBFloat16)
                {
                    throw new NotSupportedException(
                        $"{nameof(ScoringPrecision)} is {value}, but this processor has no bfloat16 multiplication (AVX512_BF16 or AMX); " +
                        $"without it, bfloat16 is slower than float32. Leave it at {ScoringPrecision.Float32}.");
                }

                lock (_copying)
                    Keep(() => _copy ??= new BFloat16Copy(_fused is null ? _network.CopyTo(_device) : _fused.Restore()));
            }

            _precision = value;
        }
    }

    /// <summary>Values per input: channels x height x width.</summary>
    internal int InputLength => Architecture.Channels * Architecture.ImageSize.Height * Architecture.ImageSize.Width;

    /// <summary>Class probabilities [count, classes], row-major, of inputs [count, channels, height, width].</summary>
    /// <param name="inputs">At least <paramref name="count"/> inputs.</param>
    /// <param name="count">How many to score.</param>
    /// <param name="temperature">Divides the logits before the softmax (arXiv:1706.04599); 1 leaves them unchanged, bit for bit.</param>
    /// <exception cref="InvalidOperationException">A probability is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal float[] Probabilities(float[] inputs, int count, double temperature)
    {
        float[] probabilities = Compute(inputs, count, Architecture.HeadTokens, tokens =>
        {
            if (_fused?.Head is { } head)
                return Probabilities(head, tokens, temperature);
            var logits = _network.ForwardHead(tokens);
            return ToArray(nn.functional.softmax(temperature == 1 ? logits : logits.Times(1 / temperature), 1));
        });
        int bad = Array.FindIndex(probabilities, p => !float.IsFinite(p));
        return bad < 0 ? probabilities : throw new InvalidOperationException(
            $"The scores are not finite for image {bad / (probabilities.Length / count)} of a batch of {count} (counted from 0): " +
            "the network's weights or the values of the image are too large. Check the weights and the preprocessing.");
    }

    private static unsafe float[] Probabilities(FusedHead head, Tensor tokens, double temperature) =>
        head.Probabilities(FloatBuffer.Address(tokens), (int)tokens.size(0), temperature);

    /// <summary>Embeddings [count, width of the kind], row-major, of inputs [count, channels, height, width].</summary>
    /// <param name="inputs">At least <paramref name="count"/> inputs.</param>
    /// <param name="count">How many to embed.</param>
    /// <param name="kind">The kind of embedding.</param>
    /// <param name="normalize">Whether each embedding is scaled to Euclidean length 1.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal float[] Features(float[] inputs, int count, FeatureKind kind, bool normalize)
    {
        return Compute(inputs, count, Architecture.TokensOf(kind), tokens =>
        {
            var features = _network.ForwardEmbedding(tokens, kind);
            return ToArray(normalize ? nn.functional.normalize(features, p: 2, dim: 1) : features);
        });
    }

    /// <summary>Attention maps of inputs [count, channels, height, width].</summary>
    /// <param name="inputs">At least <paramref name="count"/> inputs.</param>
    /// <param name="count">How many to explain.</param>
    /// <param name="method">How the maps are computed.</param>
    /// <param name="target">The class to explain, from 0; null for the most probable class of each image.</param>
    /// <param name="temperature">As for <see cref="Probabilities(float[], int, double)"/>.</param>
    /// <exception cref="NotSupportedException">The method does not support the network; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal AttentionMaps Explain(float[] inputs, int count, ExplanationMethod method, int? target, double temperature) => Keep(() =>
    {
        using var network = _fused is null ? BlockwiseNetwork.Of(_network) : _fused.RestoreByBlocks();
        var parts = new List<AttentionMaps>();
        for (int first = 0; first < count; first += ExplanationBatchSize)
        {
            using var scope = NewDisposeScope();
            int size = Math.Min(ExplanationBatchSize, count - first);
            parts.Add(AttentionMaps.Of(network, Images(inputs.AsMemory(first * InputLength, size * InputLength), size), method, target, temperature));
        }

        return AttentionMaps.Join(parts);
    });

    /// <summary>Calls an action with the weights by name; they cannot be freed during the call.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal void UseWeights(Action<IReadOnlyDictionary<string, NamedWeight>> work) => Keep(() =>
    {
        work(_fused is null ? NamedWeight.Of(_network) : _fused.Weights());
        return true;
    });

    private T Keep<T>(Func<T> work)
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            _users++;
        }

        try
        {
            using var state = TorchState.EnterOrdinary();
            return work();
        }
        finally
        {
            bool last;
            lock (_gate)
                last = --_users == 0 && _disposed;
            if (last)
                Free();
        }
    }

    /// <summary>Applies a function to the first tokens [count, kept, D] of the inputs, after the final norm unless the norm follows the pool.</summary>
    private float[] Compute(float[] inputs, int count, int kept, Func<Tensor, float[]> head) => Keep(() =>
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        return head(Tokens(inputs, count, kept));
    });

    private unsafe Tensor Tokens(float[] inputs, int count, int kept)
    {
        if (_precision == ScoringPrecision.BFloat16 && _copy is { } copy)
            return copy.Tokens(Images(inputs.AsMemory(0, count * InputLength), count), kept);
        if (_fused is null)
            return _network.ForwardFeatures(Images(inputs.AsMemory(0, count * InputLength), count));
        var tokens = empty([count, kept, Architecture.EmbeddingDimension], dtype: ScalarType.Float32, device: CPU);
        _fused.Encode(inputs.AsSpan(0, count * InputLength), count, kept, FloatBuffer.Address(tokens), _mergedTokens);
        return tokens;
    }

    private static float[] ToArray(Tensor values) => values.cpu().data<float>().ToArray();

    private static void ThrowIfIncompatible(int merged, ScoringPrecision precision)
    {
        if (merged > 0 && precision != ScoringPrecision.Float32)
        {
            throw new NotSupportedException(
                $"{MergedTokensProperty} is {merged} and {nameof(ScoringPrecision)} is {precision}; " +
                $"token merging works in float32 only. Set {MergedTokensProperty} to 0 or {nameof(ScoringPrecision)} to {ScoringPrecision.Float32}.");
        }
    }

    private Tensor Images(Memory<float> inputs, int count) => InputBatch.ToTensor(inputs, count, Architecture, _device);

    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal void ThrowIfDisposed()
    {
        if (_disposed)
        {
            throw new ObjectDisposedException(
                "VisionTransformerPredictionTransformer",
                "The Vision Transformer model was disposed and its weights were freed. "
                + "Keep it alive while its data views and prediction engines are in use, or load it again.");
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_users > 0)
                return;
        }

        Free();
    }

    private void Free()
    {
        _copy?.Dispose();
        if (Interlocked.Decrement(ref _owners.Value) > 0)
            return;
        if (_fused is null)
            _network.Dispose();
        else
            _fused.Dispose();
        NativeHeap.Trim();
    }
}

/// <summary>
/// A bfloat16 copy of a network, run by libtorch, which uses oneDNN kernels for AVX512_BF16 and AMX. Several threads may call it at once.
/// </summary>
internal sealed class BFloat16Copy : IDisposable
{
    private readonly VisionTransformerNetwork _network;

    /// <summary>Takes ownership of the network and rounds its weights; on failure the network is disposed.</summary>
    internal BFloat16Copy(VisionTransformerNetwork network)
    {
        using var mode = no_grad();
        _network = network;
        try
        {
            _network.to(ScalarType.BFloat16);
            _network.eval();
        }
        catch
        {
            _network.Dispose();
            throw;
        }
    }

    /// <summary>Images [N, C, H, W] to their first tokens [N, kept, D] in float32.</summary>
    internal Tensor Tokens(Tensor images, int kept)
    {
        using var scope = NewDisposeScope();
        var tokens = _network.ForwardFeatures(images.to(ScalarType.BFloat16));
        return tokens.narrow(1, 0, kept).to(ScalarType.Float32).contiguous().MoveToOuterDisposeScope();
    }

    public void Dispose() => _network.Dispose();
}
