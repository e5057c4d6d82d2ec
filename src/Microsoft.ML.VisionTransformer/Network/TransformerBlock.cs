// One layer of the encoder.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// A pre-norm encoder block, [N, T, D] to [N, T, D] (arXiv:2010.11929, equations 2 and 3): x + attention(norm1(x)), then x + mlp(norm2(x)),
/// each branch under stochastic depth. The second input is the attention mask or null, as for <see cref="Attention"/>.
/// </summary>
internal sealed class TransformerBlock : nn.Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly NormLayer _norm1;
    [ComponentName(Name = "attn")] private readonly Attention _attention;
    [ComponentName(Name = "norm2")] private readonly NormLayer _norm2;
    [ComponentName(Name = "mlp")] private readonly Mlp _mlp;
    private readonly DropPath _dropPath;

    internal TransformerBlock(VisionTransformerArchitecture architecture, double dropPathRate, NoiseSource noise)
        : base(nameof(TransformerBlock))
    {
        _norm1 = new NormLayer(architecture.EmbeddingDimension, architecture.NormEpsilon);
        _attention = new Attention(architecture, noise);
        _norm2 = new NormLayer(architecture.EmbeddingDimension, architecture.NormEpsilon);
        _mlp = new Mlp(architecture, noise);
        _dropPath = new DropPath(dropPathRate, noise);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        using var normed = _norm1.call(x);
        return Rest(x, _attention.call(normed, mask)).MoveToOuterDisposeScope();
    }

    /// <summary>The same result, and the block's attention weights [N, heads, T, T].</summary>
    internal (Tensor Output, Tensor Weights) ForwardWithWeights(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var (attended, weights) = _attention.ForwardWithWeights(_norm1.call(x), mask);
        return scope.MoveToOuter(Rest(x, attended), weights);
    }

    /// <summary>What follows the attention branch.</summary>
    private Tensor Rest(Tensor x, Tensor attended)
    {
        var middle = x.Plus(_dropPath.Apply(attended, training));
        using var normed = _norm2.call(middle);
        var change = _dropPath.Apply(_mlp.call(normed), training);
        return is_grad_enabled() ? middle.Plus(change) : middle.PlusInPlace(change);
    }
}
