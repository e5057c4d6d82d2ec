// The two-layer perceptron of a block.
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// dropout(fc2(dropout(gelu(fc1(x))))), [N, T, D] to [N, T, D] through the hidden width. GELU is the exact one, x * Phi(x) with the error
/// function (arXiv:1606.08415), as timm runs these weights; Google's JAX code has the tanh form, which moves logits by about 1e-4.
/// </summary>
internal sealed class Mlp : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "fc1")] private readonly LinearLayer _expand;
    [ComponentName(Name = "fc2")] private readonly LinearLayer _contract;
    private readonly SeededDropout _dropout;

    internal Mlp(VisionTransformerArchitecture architecture, NoiseSource noise)
        : base(nameof(Mlp))
    {
        _expand = new LinearLayer(architecture.EmbeddingDimension, architecture.MlpHiddenDimension);
        _contract = new LinearLayer(architecture.MlpHiddenDimension, architecture.EmbeddingDimension);
        _dropout = new SeededDropout(architecture.ProjectionDropoutRate, noise);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var hidden = _expand.call(x);
        // Where no gradient is recorded, the block's largest tensor is overwritten and not copied: new memory costs page faults.
        hidden = is_grad_enabled() ? hidden.gelu() : hidden.gelu_();
        var result = _contract.call(_dropout.Apply(hidden, training));
        return _dropout.Apply(result, training).MoveToOuterDisposeScope();
    }
}
