// Layer normalisation over the embedding.
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, [..., D] to [..., D] (arXiv:1607.06450). The variance is the
/// biased one.
/// </summary>
internal sealed class NormLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter _bias;
    private readonly long[] _normalizedShape;
    private readonly double _epsilon;

    internal NormLayer(int dimension, double epsilon)
        : base(nameof(NormLayer))
    {
        _weight = UnsetParameter.Of(dimension);
        _bias = UnsetParameter.Of(dimension);
        _normalizedShape = [dimension];
        _epsilon = epsilon;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.layer_norm(x, _normalizedShape, _weight, _bias, _epsilon);
}
