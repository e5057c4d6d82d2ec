// Turns queries and keys by the positions of their patches.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Sines and cosines of <see cref="RotaryAngles"/>, [patches, d] each, shared by all blocks; they follow from the architecture and are not saved. Tokens
/// before the patches are left as they are.
/// </summary>
internal sealed class RotaryTable : nn.Module<Tensor, Tensor>
{
    private const string Sine = "sin", Cosine = "cos";

    private readonly int _prefix;
    private readonly bool _halves;

    internal RotaryTable(VisionTransformerArchitecture architecture)
        : base(nameof(RotaryTable))
    {
        var rotary = architecture.Rotary!;
        int width = architecture.EmbeddingDimension / architecture.Heads;
        _prefix = architecture.PrefixTokens;
        _halves = rotary.Layout == RotaryLayout.Dinov3;
        var grid = architecture.Grid;
        using var scope = NewDisposeScope();
        var angles = tensor(RotaryAngles.Of(rotary, grid, width), [grid.Height * grid.Width, width / 2], device: CPU);
        // Both values of a pair have the same angle: pairs lie half a head apart, or side by side.
        var pairs = _halves ? angles.repeat(1, 2) : angles.repeat_interleave(2, -1);
        register_buffer(Sine, pairs.sin().DetachFromDisposeScope(), persistent: false);
        register_buffer(Cosine, pairs.cos().DetachFromDisposeScope(), persistent: false);
        RegisterComponents();
    }

    /// <summary>sin, [patches, d].</summary>
    internal Tensor Sines => get_buffer(Sine)!;

    /// <summary>cos, [patches, d].</summary>
    internal Tensor Cosines => get_buffer(Cosine)!;

    /// <summary>Queries or keys [N, heads, T, d], turned.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var patches = x.narrow(2, _prefix, x.size(2) - _prefix);
        var turned = patches.mul(Cosines).Plus(Quarter(patches).mul(Sines));
        return (_prefix == 0 ? turned : cat([x.narrow(2, 0, _prefix), turned], 2)).MoveToOuterDisposeScope();
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
}
