// The projection of tokens to queries, keys and values.
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// One product [N, T, D] to [N, T, 3 D]: all of q, then k, then v; inside each, head h owns d values from h d. The bias, where there is one, belongs
/// to the product, or to queries and values alone (BEiT's and EVA's way).
/// </summary>
/// <remarks>A bias of the keys changes no softmax, unless positions rotate the keys: leaving it out is not the same as training it from zero.</remarks>
internal sealed class QkvProjection : nn.Module<Tensor, Tensor?, Tensor?, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;

    internal QkvProjection(int dimension, bool bias)
        : base(nameof(QkvProjection))
    {
        _weight = UnsetParameter.Of(3 * dimension, dimension);
        _bias = bias ? UnsetParameter.Of(3 * dimension) : null;
        RegisterComponents();
    }

    /// <summary>The product; the two biases, of queries and values, are given together or not at all.</summary>
    public override Tensor forward(Tensor x, Tensor? queryBias, Tensor? valueBias)
    {
        if (queryBias is null || valueBias is null)
            return nn.functional.linear(x, _weight, _bias);
        using var scope = NewDisposeScope();
        var bias = cat([queryBias, zeros_like(queryBias), valueBias]);
        return nn.functional.linear(x, _weight, bias).MoveToOuterDisposeScope();
    }
}
