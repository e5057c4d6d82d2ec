// A linear layer that takes no numbers from torch's global generator when it is made.
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>y = x W^T + b, [..., in] to [..., out]. The weights are unset until they are drawn or loaded.</summary>
internal sealed class LinearLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;

    internal LinearLayer(int inputs, int outputs, bool bias = true)
        : base(nameof(LinearLayer))
    {
        _weight = UnsetParameter.Of(outputs, inputs);
        _bias = bias ? UnsetParameter.Of(outputs) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.linear(x, _weight, _bias);
}
