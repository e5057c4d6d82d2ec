// Rotary position embedding: the angles of each patch, and the rotation of queries and keys.
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
        _ = For(CPU, ScalarType.Float32);    // made now, so that the first forward leaves nothing behind
    }

    /// <summary>sin and cos, [patches, d], for tensors of that device and type.</summary>
    internal SinCos For(Device device, ScalarType type) =>
        _sinCos.GetOrAdd((device.type, device.index, type), key => new Lazy<SinCos>(() => Make(device, type))).Value;

    /// <summary>Queries or keys [N, heads, T, d], turned.</summary>
    internal Tensor Rotate(Tensor x)
    {
        var waves = For(x.device, x.dtype);
        using var scope = NewDisposeScope();
        var patches = x.narrow(2, _prefix, x.size(2) - _prefix);
        var turned = patches.mul(waves.Cosines).Plus(RotateHalf(patches).mul(waves.Sines));
        return (_prefix == 0 ? turned : cat([x.narrow(2, 0, _prefix), turned], 2)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var waves in _sinCos.Values)
            waves.Value.Dispose();
        _sinCos.Clear();
    }

    private SinCos Make(Device device, ScalarType type)
    {
        using var mode = inference_mode(false);    // a table made in inference mode could not be used in training
        using var scope = NewDisposeScope();
        var angles = tensor(_angles, [_angles.Length / (_width / 2), _width / 2], device: CPU);
        // Both values of a pair have the same angle: pairs lie half a head apart, or side by side.
        var pairs = _halves ? angles.repeat(1, 2) : angles.repeat_interleave(2, -1);
        return new SinCos(pairs.sin().to(type, device).DetachFromDisposeScope(), pairs.cos().to(type, device).DetachFromDisposeScope());
    }

    /// <summary>Every pair (a, b) turned by a right angle: (-b, a).</summary>
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

    /// <summary>The two tables.</summary>
    internal sealed record SinCos(Tensor Sines, Tensor Cosines) : IDisposable
    {
        public void Dispose()
        {
            Sines.Dispose();
            Cosines.Dispose();
        }
    }
}

/// <summary>
/// Angles [patches, d / 2], patches row by row, for heads of width d: the first d / 4 follow the row, the rest the column. All arithmetic is float32, as
/// the published networks were trained with it.
/// </summary>
internal static class RotaryAngles
{
    /// <summary>The angles of one architecture.</summary>
    internal static float[] Of(RotaryEmbedding rotary, ImageDimensions grid, int headDimension)
    {
        int bands = headDimension / 4;
        float[] angles = new float[grid.Height * grid.Width * 2 * bands];
        for (int row = 0; row < grid.Height; row++)
        {
            for (int column = 0; column < grid.Width; column++)
            {
                var patch = angles.AsSpan((row * grid.Width + column) * 2 * bands, 2 * bands);
                Fill(patch[..bands], rotary, row, grid.Height, rotary.ReferenceGrid?.Height);
                Fill(patch[bands..], rotary, column, grid.Width, rotary.ReferenceGrid?.Width);
            }
        }

        return angles;
    }

    private static void Fill(Span<float> angles, RotaryEmbedding rotary, int index, int count, int? reference)
    {
        for (int band = 0; band < angles.Length; band++)
        {
            angles[band] = rotary.Layout == RotaryLayout.Dinov3
                ? Dinov3(rotary.Temperature, index, count, band, angles.Length)
                : Eva02(rotary.Temperature, index, count, reference ?? count, band, angles.Length);
        }
    }

    /// <summary>position temperature^(-band / bands), the position on the reference grid.</summary>
    private static float Eva02(double temperature, int index, int count, int reference, int band, int bands)
    {
        float position = (float)index / count * reference;
        return position * (1 / MathF.Pow((float)temperature, (float)band / bands));
    }

    /// <summary>2 pi position / temperature^(band / bands), the position of the patch's centre in [-1, 1].</summary>
    private static float Dinov3(double temperature, int index, int count, int band, int bands)
    {
        float position = 2 * ((index + 0.5f) / count) - 1;
        return (float)(2 * Math.PI) * position / MathF.Pow((float)temperature, (float)band / bands);
    }
}
