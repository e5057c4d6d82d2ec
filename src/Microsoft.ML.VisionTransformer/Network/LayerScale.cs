// A learned factor for each dimension of a branch.
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>x gamma, [..., D] to [..., D], gamma [D] (arXiv:2103.17239, section 2).</summary>
internal sealed class LayerScale : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "gamma")] private readonly Parameter _gamma;

    internal LayerScale(int dimension)
        : base(nameof(LayerScale))
    {
        _gamma = UnsetParameter.Of(dimension);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => x.mul(_gamma);
}
