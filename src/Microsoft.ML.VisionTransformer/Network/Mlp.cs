// The two-layer perceptron of a block.
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// dropout(fc2(norm(dropout(f(fc1(x)))))), [N, T, D] to [N, T, D] through the hidden width h; the norm only where asked for. f is the activation, or with
/// SwiGLU silu(g) * v of the two halves of <c>fc1</c>, which is 2 h wide then. GELU is the exact one, as timm runs Google's weights; Google's
/// JAX code has the tanh form, which moves logits by about 1e-4.
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
