// Images to the tokens that enter the first block, on packed weights.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Patches, prefix tokens and positions (arXiv:2010.11929, equation 1), and the norm that CLIP has behind them.</summary>
internal sealed unsafe class FusedEmbedding
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly FusedShape _shape;
    private readonly PackedMatrix _patches;
    private readonly float* _bias, _positions;
    private readonly float*[] _prefix;
    private readonly NormWeights _preNorm;

    internal FusedEmbedding(FusedShape shape, FusedParameters parameters)
    {
        _shape = shape;
        _architecture = parameters.Architecture;
        _patches = parameters.Pack("patch_embed.proj.weight");
        _bias = parameters.Vector("patch_embed.proj.bias");
        _positions = parameters.Vector("pos_embed");
        _preNorm = parameters.Norm("norm_pre");
        _prefix = new float*[_architecture.PrefixTokens];
        int prefix = 0;
        float* registers = parameters.Vector("reg_token");
        if (_architecture.ClassToken)
            _prefix[prefix++] = parameters.Vector("cls_token");
        if (_architecture.DistillationToken)
            _prefix[prefix++] = parameters.Vector("dist_token");
        for (int i = 0; i < _architecture.RegisterTokens; i++)
            _prefix[prefix++] = registers + ((nint)i * shape.Dimension);
    }

    /// <summary>Tiles of patches.</summary>
    internal int Tiles => MatrixTile.PaddedRows(_architecture.PatchTokens) / MatrixTile.Rows;

    /// <summary>Embeds some patches of an image; the prefix goes with the first patch.</summary>
    /// <param name="image">[C, H, W].</param>
    /// <param name="x">Tokens [T, D], with room for the rest of the last tile.</param>
    /// <param name="first">First patch; a multiple of 6.</param>
    /// <param name="end">Patch behind the last; a multiple of 6, or behind the image's last.</param>
    /// <param name="scratch">The thread's memory.</param>
    internal void Embed(float* image, float* x, int first, int end, FusedScratch scratch)
    {
        int dimension = _shape.Dimension, prefix = _architecture.PrefixTokens;
        if (first == 0)
        {
            for (int token = 0; token < prefix; token++)
                Begin(x + ((nint)token * dimension), _prefix[token], token);
        }

        for (int patch = first; patch < end; patch += FusedScratch.Rows)
        {
            int rows = Math.Min(FusedScratch.Rows, end - patch);
            float* tokens = x + ((nint)(prefix + patch) * dimension);
            for (int row = 0; row < rows; row++)
            {
                Begin(tokens + ((nint)row * dimension), null, prefix + patch + row);
                if (patch + row < _architecture.PatchTokens)
                    Cut(image, patch + row, scratch.Hidden + ((nint)row * _shape.PatchNumbers));
            }

            _patches.Multiply(scratch.Hidden, rows, _bias, tokens, add: true);
        }

        if (_preNorm.Exists)
        {
            int begin = first == 0 ? 0 : prefix + first;
            float* tokens = x + ((nint)begin * dimension);
            VectorRows.Normalize(tokens, tokens, prefix + end - begin, dimension, _preNorm);
        }
    }

    /// <summary>What a token is before its patch is added.</summary>
    private void Begin(float* row, float* token, int index)
    {
        int position = _architecture.PositionsCoverPrefix ? index : index - _architecture.PrefixTokens;
        bool placed = _positions != null && position >= 0 && index < _shape.Tokens;
        float* positions = _positions + ((nint)position * _shape.Dimension);
        for (int i = 0; i < _shape.Dimension; i++)
            row[i] = (token == null ? 0 : token[i]) + (placed ? positions[i] : 0);
    }

    /// <summary>The pixels of a patch in the order of the convolution's weights: [C, height, width].</summary>
    private void Cut(float* image, int patch, float* to)
    {
        var (size, height, width) = (_architecture.ImageSize, _architecture.PatchSize.Height, _architecture.PatchSize.Width);
        int columns = _architecture.Grid.Width;
        float* corner = image + ((nint)(patch / columns) * _architecture.Stride.Height * size.Width) + (patch % columns * _architecture.Stride.Width);
        for (int channel = 0; channel < _architecture.Channels; channel++, corner += (nint)size.Height * size.Width)
        {
            for (int y = 0; y < height; y++, to += width)
                new ReadOnlySpan<float>(corner + ((nint)y * size.Width), width).CopyTo(new Span<float>(to, width));
        }
    }
}
