// Turns queries and keys by the positions of their patches.
using System.Collections.Concurrent;
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Sines and cosines of <see cref="RotaryAngles"/>, [patches, d] each, shared by all blocks. Tokens before the patches are left as they are. Several
/// threads may turn at once.
/// </summary>
/// <remarks>
/// The tables follow from the architecture and are no part of the state; TorchSharp makes a buffer that is not saved into one that is when a module moves.
/// So they are kept outside of the modules, once for each device and type that was asked for.
/// </remarks>
internal sealed class RotaryTable : IDisposable
{
    private readonly ConcurrentDictionary<(DeviceType Device, int Index, ScalarType Type), Lazy<Waves>> _waves = new();
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
        _ = For(CPU, ScalarType.Float32);    // made now, so that the first forward leaves nothing behind
    }

    /// <summary>sin and cos, [patches, d], for tensors of that device and type.</summary>
    internal Waves For(Device device, ScalarType type) =>
        _waves.GetOrAdd((device.type, device.index, type), key => new Lazy<Waves>(() => Make(device, type))).Value;

    /// <summary>Queries or keys [N, heads, T, d], turned.</summary>
    internal Tensor Turn(Tensor x)
    {
        var waves = For(x.device, x.dtype);
        using var scope = NewDisposeScope();
        var patches = x.narrow(2, _prefix, x.size(2) - _prefix);
        var turned = patches.mul(waves.Cosines).Plus(Quarter(patches).mul(waves.Sines));
        return (_prefix == 0 ? turned : cat([x.narrow(2, 0, _prefix), turned], 2)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var waves in _waves.Values)
            waves.Value.Dispose();
        _waves.Clear();
    }

    private Waves Make(Device device, ScalarType type)
    {
        using var mode = inference_mode(false);    // a table made in inference mode could not be used in training
        using var scope = NewDisposeScope();
        var angles = tensor(_angles, [_angles.Length / (_width / 2), _width / 2], device: CPU);
        // Both values of a pair have the same angle: pairs lie half a head apart, or side by side.
        var pairs = _halves ? angles.repeat(1, 2) : angles.repeat_interleave(2, -1);
        return new Waves(pairs.sin().to(type, device).DetachFromDisposeScope(), pairs.cos().to(type, device).DetachFromDisposeScope());
    }

    /// <summary>Every pair (a, b) turned by a right angle: (-b, a).</summary>
    private Tensor Quarter(Tensor x)
    {
        if (_halves)
        {
            long half = x.size(-1) / 2;
            return cat([x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)], -1);
        }

        var pairs = x.unflatten(x.dim() - 1, x.size(-1) / 2, 2);
        return stack([pairs.select(-1, 1).neg(), pairs.select(-1, 0)], -1).flatten(-2);
    }

    /// <summary>The two tables.</summary>
    internal sealed record Waves(Tensor Sines, Tensor Cosines) : IDisposable
    {
        public void Dispose()
        {
            Sines.Dispose();
            Cosines.Dispose();
        }
    }
}
