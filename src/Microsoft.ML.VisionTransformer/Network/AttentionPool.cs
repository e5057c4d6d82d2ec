// Multi-head attention pooling of tokens with a learned query.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Multi-head attention pooling, tokens [N, T, D] to [N, D] (arXiv:2106.04560, appendix; SigLIP, arXiv:2303.15343): a learned query attends to all input
/// tokens, y = proj(attention), then y + mlp(norm(y)). The query itself is not added. The MLP is a plain one.
/// </summary>
internal sealed class AttentionPool : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "latent")] private readonly Parameter _latent;
    [ComponentName(Name = "q")] private readonly LinearLayer _query;
    [ComponentName(Name = "kv")] private readonly LinearLayer _keyValue;
    [ComponentName(Name = "proj")] private readonly LinearLayer _projection;
    [ComponentName(Name = "norm")] private readonly NormLayer _norm;
    [ComponentName(Name = "mlp")] private readonly Mlp _mlp;
    private readonly int _heads;

    internal AttentionPool(VisionTransformerArchitecture architecture, NoiseSource noise)
        : base(nameof(AttentionPool))
    {
        int dimension = architecture.EmbeddingDimension;
        _heads = architecture.Heads;
        _latent = UninitializedParameter.Of(1, 1, dimension);
        _query = new LinearLayer(dimension, dimension);
        _keyValue = new LinearLayer(dimension, 2 * dimension);
        _projection = new LinearLayer(dimension, dimension);
        _norm = new NormLayer(dimension, architecture.NormEpsilon);
        _mlp = new Mlp(architecture with { Mlp = MlpKind.Plain, MlpNorm = false, ProjectionDropoutRate = 0 }, noise);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Split(x);
        return Rest(nn.functional.scaled_dot_product_attention(q, k, v)).MoveToOuterDisposeScope();
    }

    /// <summary>The same output, with the attention weights [N, heads, 1, T]; rows sum to 1.</summary>
    internal (Tensor Output, Tensor Weights) ForwardWithWeights(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Split(x);
        var weights = q.Times(1 / Math.Sqrt(q.size(-1))).matmul(k.transpose(-2, -1)).softmax(-1);
        return scope.MoveToOuter(Rest(weights.matmul(v)), weights);
    }

    /// <summary>The query [N, heads, 1, D / heads], keys and values [N, heads, T, D / heads].</summary>
    private (Tensor Q, Tensor K, Tensor V) Split(Tensor x)
    {
        var (images, tokens, dimension) = (x.size(0), x.size(1), x.size(2));
        var q = _query.call(_latent).reshape(1, 1, _heads, dimension / _heads).transpose(1, 2).expand(images, -1, -1, -1);
        var parts = _keyValue.call(x).reshape(images, tokens, 2, _heads, dimension / _heads).permute(2, 0, 3, 1, 4).unbind(0);
        return (q, parts[0], parts[1]);
    }

    /// <summary>The layers after the attention: [N, heads, 1, D / heads] to [N, D].</summary>
    private Tensor Rest(Tensor mixed)
    {
        var y = _projection.call(mixed.transpose(1, 2).reshape(mixed.size(0), -1));
        return y.Plus(_mlp.call(_norm.call(y)));
    }
}
