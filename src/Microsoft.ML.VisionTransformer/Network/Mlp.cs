// The two-layer perceptron of a block and its activations.
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// dropout(fc2(norm(dropout(f(fc1(x)))))), [N, T, D] to [N, T, D] through the hidden width h; the norm is optional. f is the activation, or for SwiGLU
/// silu(g) * v of the two halves of <c>fc1</c>, which is then 2 h wide. GELU is the exact form, which timm uses for Google's weights; Google's JAX code
/// uses the tanh form, which changes logits by about 1e-4.
/// </summary>
internal sealed class Mlp : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "fc1")] private readonly LinearLayer _expand;
    [ComponentName(Name = "norm")] private readonly NormLayer? _norm;
    [ComponentName(Name = "fc2")] private readonly LinearLayer _contract;
    private readonly SeededDropout _dropout;
    private readonly MlpActivation? _activation;

    internal Mlp(VisionTransformerArchitecture architecture, NoiseSource noise)
        : base(nameof(Mlp))
    {
        var (dimension, hidden) = (architecture.EmbeddingDimension, architecture.MlpHiddenDimension);
        bool gated = architecture.Mlp == MlpKind.SwiGlu;
        _activation = gated ? null : architecture.Activation;
        _expand = new LinearLayer(dimension, gated ? 2 * hidden : hidden);
        _norm = architecture.MlpNorm ? new NormLayer(hidden, architecture.NormEpsilon) : null;
        _contract = new LinearLayer(hidden, dimension);
        _dropout = new SeededDropout(architecture.ProjectionDropoutRate, noise);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var hidden = _expand.call(x);
        hidden = _dropout.Apply(_activation is { } activation ? activation.Apply(hidden) : Gate(hidden), training);
        var result = _contract.call(_norm is null ? hidden : _norm.call(hidden));
        return _dropout.Apply(result, training).MoveToOuterDisposeScope();
    }

    private static Tensor Gate(Tensor both)
    {
        long hidden = both.size(-1) / 2;
        return nn.functional.silu(both.narrow(-1, 0, hidden)).mul(both.narrow(-1, hidden, hidden));
    }
}

/// <summary>The activations, computed by torch.</summary>
internal static class Activations
{
    /// <summary>Applies the activation. <paramref name="x"/> may be overwritten if no gradient is recorded; do not use it afterwards.</summary>
    internal static Tensor Apply(this MlpActivation activation, Tensor x) => activation switch
    {
        MlpActivation.GeluTanh => GeluTanh(x),
        MlpActivation.QuickGelu => x.mul(x.Times(GeluConstants.QuickSlope).sigmoid()),
        // In place, because this is the block's largest tensor and new memory costs page faults.
        _ => is_grad_enabled() ? x.gelu() : x.gelu_(),
    };

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (arXiv:1606.08415, section 2).</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        var inner = x.mul(x).mul(x).TimesInPlace(GeluConstants.Cubic).PlusInPlace(x).TimesInPlace(GeluConstants.TanhSlope);
        return inner.tanh().Times(0.5).PlusInPlace(0.5).mul(x);
    }
}
