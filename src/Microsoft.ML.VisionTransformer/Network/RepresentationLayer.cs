// The hidden layer between pool and head that some networks were pre-trained with.
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>tanh(fc(x)), [N, pooled] to [N, representation] (arXiv:2010.11929, section 3.1).</summary>
internal sealed class RepresentationLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "fc")] private readonly LinearLayer _linear;

    internal RepresentationLayer(VisionTransformerArchitecture architecture)
        : base(nameof(RepresentationLayer))
    {
        _linear = new LinearLayer(architecture.PooledDimension, architecture.RepresentationDimension);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var linear = _linear.call(x);
        return linear.tanh();
    }
}
