// Splits an image into patches and embeds each, and the fixed sine-cosine position table.
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

/// <summary>
/// The fixed two-dimensional position table of MAE (arXiv:2111.06377) and, on square grids with rows and columns swapped, of MoCo v3
/// (arXiv:2104.02057). With Q = D / 4 and w_i = 10000^(-i / Q), the patch in row r and column c gets
/// [sin(c w_0..), cos(c w_0..), sin(r w_0..), cos(r w_0..)], Q values each; tokens before the patches get zeros.
/// </summary>
internal static class SinCosPositions
{
    private const double Temperature = 10000;

    /// <summary>The table [1, prefix + rows * columns, D], patches row by row. D must be divisible by 4.</summary>
    internal static Tensor Table(ImageDimensions grid, int dimension, int prefix)
    {
        float[] values = new float[(prefix + grid.Height * grid.Width) * dimension];
        for (int row = 0; row < grid.Height; row++)
        {
            for (int column = 0; column < grid.Width; column++)
            {
                var vector = values.AsSpan((prefix + row * grid.Width + column) * dimension, dimension);
                Fill(vector[..(dimension / 2)], column);
                Fill(vector[(dimension / 2)..], row);
            }
        }

        var table = tensor(values, [1, prefix + grid.Height * grid.Width, dimension], dtype: ScalarType.Float32, device: CPU);
        return table.DetachFromDisposeScope();
    }

    private static void Fill(Span<float> half, int position)
    {
        int count = half.Length / 2;
        for (int i = 0; i < count; i++)
        {
            double angle = position * Math.Pow(Temperature, -(double)i / count);
            half[i] = (float)Math.Sin(angle);
            half[count + i] = (float)Math.Cos(angle);
        }
    }
}
