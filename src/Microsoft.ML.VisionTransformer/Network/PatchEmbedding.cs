// Cuts an image into patches and embeds each.
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Images [N, C, H, W] to patch tokens [N, rows * columns, D] in row-major order (arXiv:2010.11929, section 3.1, equation 1), with a layer
/// norm behind where the architecture asks for it.
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
