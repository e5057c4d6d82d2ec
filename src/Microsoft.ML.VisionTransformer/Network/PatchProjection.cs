// The convolution that turns each patch of pixels into one vector.
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>A convolution without padding, [N, C, H, W] to [N, D, rows, columns]: kernel = patch, step = stride.</summary>
internal sealed class PatchProjection : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;
    private readonly long[] _stride;

    internal PatchProjection(int channels, int dimension, ImageDimensions patch, ImageDimensions stride, bool bias)
        : base(nameof(PatchProjection))
    {
        _weight = UnsetParameter.Of(dimension, channels, patch.Height, patch.Width);
        _bias = bias ? UnsetParameter.Of(dimension) : null;
        _stride = [stride.Height, stride.Width];
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.conv2d(x, _weight, _bias, _stride);
}
