// Rotary position embedding: the rotation of queries and keys.
using System.Collections.Concurrent;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Sines and cosines of <see cref="RotaryAngles"/>, [patches, d] each, shared by all blocks. Tokens before the patches are not rotated. Thread-safe.
/// </summary>
/// <remarks>
/// The tables are derived from the architecture and are not part of the state dictionary. They are kept outside the modules, once per device and type,
/// because TorchSharp turns a non-persistent buffer into a persistent one when a module moves.
/// </remarks>
internal sealed class RotaryTable : IDisposable
{
    private readonly ConcurrentDictionary<(DeviceType Device, int Index, ScalarType Type), Lazy<SinCos>> _sinCos = new();
    private readonly float[] _angles;
    private readonly int _width;
    private readonly int _prefix;
    private readonly bool _halves;

    internal RotaryTable(VisionTransformerArchitecture architecture)
    {
        var rotary = architecture.Rotary!;
        _width = architecture.EmbeddingDimension / architecture.Heads;
        _prefix = architecture.PrefixTokens;
        _halves = rotary.Layout == RotaryLayout.Dinov3;
        _angles = RotaryAngles.Of(rotary, architecture.Grid, _width);
        _ = For(CPU, ScalarType.Float32);    // created here, so the first forward pass does not leave new tensors behind
    }

    /// <summary>The tables, [patches, d], for tensors of the given device and type.</summary>
    internal SinCos For(Device device, ScalarType type) =>
        _sinCos.GetOrAdd((device.type, device.index, type), key => new Lazy<SinCos>(() => Create(device, type))).Value;

    /// <summary>Rotates queries or keys [N, heads, T, d].</summary>
    internal Tensor Rotate(Tensor x)
    {
        var tables = For(x.device, x.dtype);
        using var scope = NewDisposeScope();
        var patches = x.narrow(2, _prefix, x.size(2) - _prefix);
        var rotated = patches.mul(tables.Cosines).Plus(RotateHalf(patches).mul(tables.Sines));
        return (_prefix == 0 ? rotated : cat([x.narrow(2, 0, _prefix), rotated], 2)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tables in _sinCos.Values)
            tables.Value.Dispose();
        _sinCos.Clear();
    }

    private SinCos Create(Device device, ScalarType type)
    {
        using var mode = inference_mode(false);    // a table created in inference mode could not be used in training
        using var scope = NewDisposeScope();
        var angles = tensor(_angles, [_angles.Length / (_width / 2), _width / 2], device: CPU);
        // Both values of a pair have the same angle. The two are half a head apart, or adjacent.
        var pairs = _halves ? angles.repeat(1, 2) : angles.repeat_interleave(2, -1);
        return new SinCos(pairs.sin().to(type, device).DetachFromDisposeScope(), pairs.cos().to(type, device).DetachFromDisposeScope());
    }

    /// <summary>Rotates every pair (a, b) by 90 degrees: (-b, a).</summary>
    private Tensor RotateHalf(Tensor x)
    {
        if (_halves)
        {
            long half = x.size(-1) / 2;
            return cat([x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)], -1);
        }

        var pairs = x.unflatten(x.dim() - 1, x.size(-1) / 2, 2);
        return stack([pairs.select(-1, 1).neg(), pairs.select(-1, 0)], -1).flatten(-2);
    }

    /// <summary>The sine and the cosine table.</summary>
    internal sealed record SinCos(Tensor Sines, Tensor Cosines) : IDisposable
    {
        public void Dispose()
        {
            Sines.Dispose();
            Cosines.Dispose();
        }
    }
}
