// Multi-head self-attention and its query, key and value projection.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Multi-head self-attention, [N, T, D] to [N, T, D] (arXiv:1706.03762, section 3.2.2): per head softmax(q k^T / sqrt(d) + mask) v with
/// d = D / heads, then a projection. If the architecture has these parts, q and k are normalized and then rotated by their positions, and the
/// concatenated output of the heads is normalized before the projection.
/// </summary>
/// <remarks>
/// The second input rotates queries and keys, or is null. The third is an additive mask that broadcasts to [N, heads, T, T] (negative infinity masks a
/// key), or null.
/// </remarks>
internal sealed class Attention : nn.Module<Tensor, RotaryTable?, Tensor?, Tensor>
{
    [ComponentName(Name = "qkv")] private readonly QkvProjection _qkv;
    [ComponentName(Name = "q_bias")] private readonly Parameter? _queryBias;
    [ComponentName(Name = "v_bias")] private readonly Parameter? _valueBias;
    [ComponentName(Name = "q_norm")] private readonly NormLayer? _queryNorm;
    [ComponentName(Name = "k_norm")] private readonly NormLayer? _keyNorm;
    [ComponentName(Name = "norm")] private readonly NormLayer? _norm;
    [ComponentName(Name = "proj")] private readonly LinearLayer _projection;
    private readonly SeededDropout _attentionDropout;
    private readonly SeededDropout _projectionDropout;
    private readonly bool _dropsWeights;
    private readonly int _heads;
    private readonly double _scale;

    internal Attention(VisionTransformerArchitecture architecture, NoiseSource noise)
        : base(nameof(Attention))
    {
        int dimension = architecture.EmbeddingDimension;
        _heads = architecture.Heads;
        int width = dimension / _heads;
        _scale = 1 / Math.Sqrt(width);
        bool separateBiases = architecture is { QkvBias: true, KeyBias: false };
        _qkv = new QkvProjection(dimension, architecture.QkvBias && !separateBiases);
        _queryBias = separateBiases ? UninitializedParameter.Of(dimension) : null;
        _valueBias = separateBiases ? UninitializedParameter.Of(dimension) : null;
        _queryNorm = architecture.QkNorm ? new NormLayer(width, architecture.NormEpsilon) : null;
        _keyNorm = architecture.QkNorm ? new NormLayer(width, architecture.NormEpsilon) : null;
        _norm = architecture.AttentionNorm ? new NormLayer(dimension, architecture.NormEpsilon) : null;
        _projection = new LinearLayer(dimension, dimension);
        _attentionDropout = new SeededDropout(architecture.AttentionDropoutRate, noise);
        _dropsWeights = architecture.AttentionDropoutRate > 0;
        _projectionDropout = new SeededDropout(architecture.ProjectionDropoutRate, noise);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, RotaryTable? rotary, Tensor? mask)
    {
        // The fused kernel's built-in dropout would draw from torch's global generator.
        if (training && _dropsWeights)
        {
            var (output, weights) = ForwardWithWeights(x, rotary, mask);
            weights.Dispose();
            return output;
        }

        using var scope = NewDisposeScope();
        var (q, k, v) = Split(x, rotary);
        var mixed = nn.functional.scaled_dot_product_attention(q, k, v, mask);
        return Project(mixed).MoveToOuterDisposeScope();
    }

    /// <summary>The same output, with the attention weights: softmax before dropout, [N, heads, T, T], rows sum to 1.</summary>
    internal (Tensor Output, Tensor Weights) ForwardWithWeights(Tensor x, RotaryTable? rotary, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Split(x, rotary);
        var scores = q.Times(_scale).matmul(k.transpose(-2, -1));
        var weights = (mask is null ? scores : scores.Plus(mask)).softmax(-1);
        var output = Project(_attentionDropout.Apply(weights, training).matmul(v));
        return scope.MoveToOuter(output, weights);
    }

    /// <summary>[N, T, D] to queries, keys and values of [N, heads, T, D / heads]: views of one product, unless they are normalized or rotated.</summary>
    private (Tensor Q, Tensor K, Tensor V) Split(Tensor x, RotaryTable? rotary)
    {
        var (images, tokens, dimension) = (x.size(0), x.size(1), x.size(2));
        var parts = _qkv.call(x, _queryBias, _valueBias).reshape(images, tokens, 3, _heads, dimension / _heads).permute(2, 0, 3, 1, 4).unbind(0);
        return (NormalizeAndRotate(parts[0], _queryNorm, rotary), NormalizeAndRotate(parts[1], _keyNorm, rotary), parts[2]);
    }

    private static Tensor NormalizeAndRotate(Tensor x, NormLayer? norm, RotaryTable? rotary)
    {
        var normed = norm is null ? x : norm.call(x);
        return rotary is null ? normed : rotary.Rotate(normed);
    }

    /// <summary>[N, heads, T, D / heads] to [N, T, D].</summary>
    private Tensor Project(Tensor mixed)
    {
        var joined = mixed.transpose(1, 2).flatten(2);
        return _projectionDropout.Apply(_projection.call(_norm is null ? joined : _norm.call(joined)), training);
    }
}

/// <summary>
/// One product [N, T, D] to [N, T, 3 D]: all of q, then k, then v; within each, head h has the d values from h d. The bias, if there is one, is for all
/// three, or only for queries and values (as in BEiT and EVA).
/// </summary>
/// <remarks>A key bias does not change the softmax unless positions rotate the keys; then omitting it differs from training it from zero.</remarks>
internal sealed class QkvProjection : nn.Module<Tensor, Tensor?, Tensor?, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;

    internal QkvProjection(int dimension, bool bias)
        : base(nameof(QkvProjection))
    {
        _weight = UninitializedParameter.Of(3 * dimension, dimension);
        _bias = bias ? UninitializedParameter.Of(3 * dimension) : null;
        RegisterComponents();
    }

    /// <summary>Computes the product. Pass both biases, of queries and values, or neither.</summary>
    public override Tensor forward(Tensor x, Tensor? queryBias, Tensor? valueBias)
    {
        if (queryBias is null || valueBias is null)
            return nn.functional.linear(x, _weight, _bias);
        using var scope = NewDisposeScope();
        var bias = cat([queryBias, zeros_like(queryBias), valueBias]);
        return nn.functional.linear(x, _weight, bias).MoveToOuterDisposeScope();
    }
}
