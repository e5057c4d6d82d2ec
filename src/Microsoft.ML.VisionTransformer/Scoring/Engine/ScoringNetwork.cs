// The thread-safe owner of the weights of a network that scores.
using System.Runtime.CompilerServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Scoring.Engine;

/// <summary>
/// Owns the weights of a network. Forward passes may run on several threads at once and share the weights. Passes in progress at disposal run
/// to completion; the last of them frees the weights, unless <see cref="ShareWeights"/> created another owner that is still in use.
/// </summary>
/// <remarks>
/// On a CPU the network runs in <see cref="FusedEncoder"/>, on other devices in libtorch (<see cref="TorchScorer"/>). If the AppContext switch
/// <see cref="FusedSwitch"/> is false, it always runs in libtorch.
/// </remarks>
internal sealed class ScoringNetwork : IDisposable
{
    /// <summary>Images explained per batch: autograd keeps every activation between their pixels and their logits.</summary>
    private const int ExplanationBatchSize = 4;

    /// <summary>Name of the AppContext switch that enables <see cref="FusedEncoder"/>. Default true.</summary>
    internal const string FusedSwitch = "Microsoft.ML.VisionTransformer.FusedScoring";

    private readonly FusedEncoder? _fused;
    private readonly TorchScorer? _torch;
    private readonly ComputeDevice _device;
    private readonly StrongBox<int> _owners;
    private readonly object _gate = new();
    private readonly object _setting = new();
    private volatile int _mergedTokens;
    private volatile TorchScorer? _bfloat16;
    private volatile ScoringPrecision _precision;
    private int _users;
    private bool _disposed;

    /// <summary>Takes ownership of the weights; on failure they are disposed.</summary>
    internal ScoringNetwork(NetworkWeights weights, ComputeDevice device)
    {
        Architecture = weights.Architecture;
        _device = device;
        _owners = new StrongBox<int>(1);
        NativeHeap.Keep();
        bool enabled = !AppContext.TryGetSwitch(FusedSwitch, out bool on) || on;
        if (enabled && device.IsCpu)
        {
            _fused = new FusedEncoder(weights);
        }
        else
        {
            using (weights)
                _torch = new TorchScorer(Architecture, weights.ByName(), device);
        }
    }

    /// <summary>Another owner of the same weights; called while the weights cannot be freed.</summary>
    private ScoringNetwork(ScoringNetwork other)
    {
        (Architecture, _fused, _torch, _device, _owners) = (other.Architecture, other._fused, other._torch, other._device, other._owners);
        Interlocked.Increment(ref _owners.Value);
    }

    /// <summary>Takes ownership of a trained network.</summary>
    internal static ScoringNetwork Of(VisionTransformerNetwork network, ComputeDevice device)
    {
        using (network)
            return new ScoringNetwork(network.CopyWeights(), device);
    }

    /// <summary>
    /// Another owner of the same weights, for another transformer; the last owner to be disposed frees them. On another device it has its own copy.
    /// </summary>
    /// <param name="device">The compute device; null for the device of this network.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal ScoringNetwork ShareWeights(ComputeDevice? device) => Keep(() =>
        device is not { } other || other == _device ? new ScoringNetwork(this) : new ScoringNetwork(NetworkWeights.CopyOf(Architecture, Weights()), other));

    /// <summary>The network architecture; available after disposal too.</summary>
    internal VisionTransformerArchitecture Architecture { get; }

    /// <summary>
    /// Rows scored per batch when a data view is read. On a CPU 16 is enough for two to sixteen cores and takes 10 MB of input at 224 pixels; a GPU needs
    /// more to be busy.
    /// </summary>
    internal int DefaultBatchSize => _device.IsCpu ? 16 : 64;

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
                    "token merging needs a network that is scored on a CPU. Leave it at 0.");
            }

            lock (_setting)
            {
                ThrowIfIncompatible(value, _precision);
                _mergedTokens = value;
            }
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
            Guard.Defined(value, nameof(ScoringPrecision));
            lock (_setting)
            {
                Prepare(value);
                _precision = value;
            }
        }
    }

    /// <summary>Values per input: channels x height x width.</summary>
    internal int InputLength => Architecture.ImageValues;

    /// <summary>Class probabilities [count, classes], row-major, of inputs [count, channels, height, width].</summary>
    /// <param name="inputs">At least <paramref name="count"/> inputs.</param>
    /// <param name="count">How many to score.</param>
    /// <param name="temperature">Divides the logits before the softmax (arXiv:1706.04599); 1 leaves them unchanged, bit for bit.</param>
    /// <exception cref="InvalidOperationException">A probability is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal float[] Probabilities(float[] inputs, int count, double temperature)
    {
        float[] probabilities = Keep(() => _torch is { } torch
            ? torch.Probabilities(inputs, count, temperature, Reduced)
            : Compute(inputs, count, Architecture.HeadTokens, (head, tokens) => head.Probabilities(tokens, count, temperature)));
        int bad = Array.FindIndex(probabilities, p => !float.IsFinite(p));
        return bad < 0 ? probabilities : throw new InvalidOperationException(
            $"The scores are not finite for image {bad / (probabilities.Length / count)} of a batch of {count} (counted from 0): " +
            "the network's weights or the values of the image are too large. Check the weights and the preprocessing.");
    }

    /// <summary>Embeddings [count, width of the kind], row-major, of inputs [count, channels, height, width].</summary>
    /// <param name="inputs">At least <paramref name="count"/> inputs.</param>
    /// <param name="count">How many to embed.</param>
    /// <param name="kind">The kind of embedding.</param>
    /// <param name="normalize">Whether each embedding is scaled to Euclidean length 1.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal float[] Features(float[] inputs, int count, FeatureKind kind, bool normalize) => Keep(() => _torch is { } torch
        ? torch.Features(inputs, count, kind, normalize, Reduced)
        : Compute(inputs, count, Architecture.TokensOf(kind), (head, tokens) => head.Features(tokens, count, kind, normalize)));

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
        using var network = _torch is null ? BlockwiseNetwork.Of(Architecture, Weights()) : _torch.ByBlocks();
        var parts = new List<AttentionMaps>();
        for (int first = 0; first < count; first += ExplanationBatchSize)
        {
            int size = Math.Min(ExplanationBatchSize, count - first);
            parts.Add(AttentionMaps.Of(network, inputs.AsMemory(first * InputLength, size * InputLength), size, _device, method, target, temperature));
        }

        return AttentionMaps.Join(parts);
    });

    /// <summary>Calls an action with the weights by name; they cannot be freed during the call.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal void UseWeights(Action<IReadOnlyDictionary<string, NamedWeight>> work) => Keep(() =>
    {
        work(Weights());
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

    /// <summary>The bfloat16 copy, if it is selected.</summary>
    private TorchScorer? Reduced => _precision == ScoringPrecision.BFloat16 ? _bfloat16 : null;

    private Dictionary<string, NamedWeight> Weights() => _fused is null ? _torch!.Weights() : _fused.Weights();

    /// <summary>Applies a function to the head and the first tokens [count, kept, D] of the inputs, after the final norm unless the norm follows the pool.</summary>
    private float[] Compute(float[] inputs, int count, int kept, Func<FusedHead, FloatBuffer, float[]> work)
    {
        using var tokens = new FloatBuffer((long)count * kept * Architecture.EmbeddingDimension, clear: false);
        Encode(inputs, count, kept, tokens);
        return work(_fused!.Head, tokens);
    }

    private unsafe void Encode(float[] inputs, int count, int kept, FloatBuffer tokens)
    {
        // Read once: another thread may change it.
        var precision = _precision;
        if (precision == ScoringPrecision.BFloat16)
            _bfloat16!.Encode(inputs, count, kept, tokens);
        else
            _fused!.Encode(inputs.AsSpan(0, count * InputLength), count, kept, tokens.Start, _mergedTokens, precision == ScoringPrecision.Int8);
    }

    /// <summary>Checks that this network can be scored in a precision, and creates the weights that the precision needs.</summary>
    private void Prepare(ScoringPrecision value)
    {
        if (value == ScoringPrecision.Int8)
        {
            if (_fused is null)
            {
                throw new NotSupportedException(
                    $"{nameof(ScoringPrecision)} is {value}, but this network is scored by libtorch: int8 needs a network that is scored on a CPU. " +
                    $"Leave it at {ScoringPrecision.Float32}, or load the model with the device cpu.");
            }

            lock (_fused)
            {
                Keep(() =>
                {
                    _fused.Quantize();
                    return true;
                });
            }
        }
        else if (value == ScoringPrecision.BFloat16)
        {
            ThrowIfIncompatible(_mergedTokens, value);
            if (_device.IsCpu && !ProcessorFeatures.MultipliesBFloat16)
            {
                throw new NotSupportedException(
                    $"{nameof(ScoringPrecision)} is {value}, but this processor has no bfloat16 multiplication (AVX512_BF16 or AMX); " +
                    $"without it, bfloat16 is slower than float32. Leave it at {ScoringPrecision.Float32}.");
            }

            Keep(() => _bfloat16 ??= TorchScorer.InBFloat16(Architecture, Weights(), _device));
        }
    }

    private static void ThrowIfIncompatible(int merged, ScoringPrecision precision)
    {
        if (merged > 0 && precision == ScoringPrecision.BFloat16)
        {
            throw new NotSupportedException(
                $"{MergedTokensProperty} is {merged} and {nameof(ScoringPrecision)} is {precision}; " +
                $"libtorch computes in bfloat16 and cannot merge tokens. Set {MergedTokensProperty} to 0 or {nameof(ScoringPrecision)} to {ScoringPrecision.Float32} or {ScoringPrecision.Int8}.");
        }
    }

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
        _bfloat16?.Dispose();
        if (Interlocked.Decrement(ref _owners.Value) > 0)
            return;
        _fused?.Dispose();
        _torch?.Dispose();
        NativeHeap.Trim();
    }
}
