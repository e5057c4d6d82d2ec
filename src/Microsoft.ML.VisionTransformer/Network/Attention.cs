// Multi-head self-attention.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Multi-head self-attention, [N, T, D] to [N, T, D] (arXiv:1706.03762, section 3.2.2): per head softmax(q k^T / sqrt(d) + mask) v with
/// d = D / heads. Rows of <c>qkv.weight</c> are all of q, then k, then v; inside each, head h owns rows h d to (h + 1) d.
/// </summary>
/// <remarks>The second input is an additive mask that broadcasts to [N, heads, T, T] (negative infinity hides a key), or null.</remarks>
internal sealed class Attention : nn.Module<Tensor, Tensor?, Tensor>
{
    [ComponentName(Name = "qkv")] private readonly LinearLayer _qkv;
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
        _scale = 1 / Math.Sqrt(dimension / _heads);
        _qkv = new LinearLayer(dimension, 3 * dimension, architecture.QkvBias);
        _projection = new LinearLayer(dimension, dimension);
        _attentionDropout = new SeededDropout(architecture.AttentionDropoutRate, noise);
        _dropsWeights = architecture.AttentionDropoutRate > 0;
        _projectionDropout = new SeededDropout(architecture.ProjectionDropoutRate, noise);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Tensor? mask)
    {
        // The fused kernel's own dropout would draw from torch's global generator.
        if (training && _dropsWeights)
        {
            var (output, weights) = ForwardWithWeights(x, mask);
            weights.Dispose();
            return output;
        }

        using var scope = NewDisposeScope();
        var (q, k, v) = Split(x);
        var mixed = nn.functional.scaled_dot_product_attention(q, k, v, mask);
        return Project(mixed).MoveToOuterDisposeScope();
    }

    /// <summary>The same result, and the weights it came from: softmax before dropout, [N, heads, T, T], rows sum to 1.</summary>
    internal (Tensor Output, Tensor Weights) ForwardWithWeights(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Split(x);
        var scores = q.Times(_scale).matmul(k.transpose(-2, -1));
        var weights = (mask is null ? scores : scores.Plus(mask)).softmax(-1);
        var output = Project(_attentionDropout.Apply(weights, training).matmul(v));
        return scope.MoveToOuter(output, weights);
    }

    /// <summary>[N, T, D] to queries, keys and values of [N, heads, T, D / heads]; views of one product, not copies.</summary>
    private (Tensor Q, Tensor K, Tensor V) Split(Tensor x)
    {
        var (images, tokens, dimension) = (x.size(0), x.size(1), x.size(2));
        var parts = _qkv.call(x).reshape(images, tokens, 3, _heads, dimension / _heads).permute(2, 0, 3, 1, 4).unbind(0);
        return (parts[0], parts[1], parts[2]);
    }

    /// <summary>[N, heads, T, D / heads] to [N, T, D].</summary>
    private Tensor Project(Tensor mixed) => _projectionDropout.Apply(_projection.call(mixed.transpose(1, 2).flatten(2)), training);
}
