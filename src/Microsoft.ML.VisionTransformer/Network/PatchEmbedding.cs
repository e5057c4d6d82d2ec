// Splits an image into patches and embeds each.
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Images [N, C, H, W] to patch tokens [N, rows * columns, D] in row-major order (arXiv:2010.11929, section 3.1, equation 1), followed by a
/// layer norm if the architecture has one.
/// </summary>
internal sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "proj")] private readonly PatchProjection _projection;
    [ComponentName(Name = "norm")] private readonly NormLayer? _norm;

    internal PatchEmbedding(VisionTransformerArchitecture architecture)
        : base(nameof(PatchEmbedding))
    {
        _projection = new PatchProjection(
            architecture.Channels, architecture.EmbeddingDimension, architecture.PatchSize, architecture.Stride, architecture.PatchBias);
        _norm = architecture.PatchNorm ? new NormLayer(architecture.EmbeddingDimension, architecture.NormEpsilon) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var tokens = _projection.call(x).flatten(2).transpose(1, 2);
        return (_norm is null ? tokens : _norm.call(tokens)).MoveToOuterDisposeScope();
    }
}

/// <summary>A convolution without padding, [N, C, H, W] to [N, D, rows, columns]: the kernel size is the patch size.</summary>
internal sealed class PatchProjection : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    [ComponentName(Name = "bias")] private readonly Parameter? _bias;
    private readonly long[] _stride;

    internal PatchProjection(int channels, int dimension, ImageDimensions patch, ImageDimensions stride, bool bias)
        : base(nameof(PatchProjection))
    {
        _weight = UninitializedParameter.Of(dimension, channels, patch.Height, patch.Width);
        _bias = bias ? UninitializedParameter.Of(dimension) : null;
        _stride = [stride.Height, stride.Width];
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => nn.functional.conv2d(x, _weight, _bias, _stride);
}
