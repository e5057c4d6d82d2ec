// One pre-norm block of the encoder.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// A pre-norm encoder block, [N, T, D] to [N, T, D] (arXiv:2010.11929, equations 2 and 3): x + attention(norm1(x)), then x + mlp(norm2(x)),
/// each branch with LayerScale, if the architecture has it, and stochastic depth. The other inputs are those of <see cref="Attention"/>.
/// </summary>
internal sealed class TransformerBlock : nn.Module<Tensor, RotaryTable?, Tensor?, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly NormLayer _norm1;
    [ComponentName(Name = "attn")] private readonly Attention _attention;
    [ComponentName(Name = "ls1")] private readonly LayerScale? _scale1;
    [ComponentName(Name = "norm2")] private readonly NormLayer _norm2;
    [ComponentName(Name = "mlp")] private readonly Mlp _mlp;
    [ComponentName(Name = "ls2")] private readonly LayerScale? _scale2;
    private readonly DropPath _dropPath;

    internal TransformerBlock(VisionTransformerArchitecture architecture, double dropPathRate, NoiseSource noise)
        : base(nameof(TransformerBlock))
    {
        int dimension = architecture.EmbeddingDimension;
        _norm1 = new NormLayer(dimension, architecture.NormEpsilon);
        _attention = new Attention(architecture, noise);
        _scale1 = architecture.LayerScale is null ? null : new LayerScale(dimension);
        _norm2 = new NormLayer(dimension, architecture.NormEpsilon);
        _mlp = new Mlp(architecture, noise);
        _scale2 = architecture.LayerScale is null ? null : new LayerScale(dimension);
        _dropPath = new DropPath(dropPathRate, noise);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, RotaryTable? rotary, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        using var normed = _norm1.call(x);
        return Rest(x, _attention.call(normed, rotary, mask)).MoveToOuterDisposeScope();
    }

    /// <summary>The same output, with the block's attention weights [N, heads, T, T].</summary>
    internal (Tensor Output, Tensor Weights) ForwardWithWeights(Tensor x, RotaryTable? rotary, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var (attended, weights) = _attention.ForwardWithWeights(_norm1.call(x), rotary, mask);
        return scope.MoveToOuter(Rest(x, attended), weights);
    }

    /// <summary>Adds the attention branch to x and applies the MLP branch.</summary>
    private Tensor Rest(Tensor x, Tensor attended)
    {
        var residual = x.Plus(Branch(attended, _scale1));
        using var normed = _norm2.call(residual);
        var change = Branch(_mlp.call(normed), _scale2);
        return is_grad_enabled() ? residual.Plus(change) : residual.PlusInPlace(change);
    }

    private Tensor Branch(Tensor change, LayerScale? scale) => _dropPath.Apply(scale is null ? change : scale.call(change), training);
}
