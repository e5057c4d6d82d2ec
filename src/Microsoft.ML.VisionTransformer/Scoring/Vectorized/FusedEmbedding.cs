// Converts images to the input tokens of the first block, with packed weights.

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>Patch embedding, prefix tokens and position embeddings (arXiv:2010.11929, equation 1), followed by CLIP's norm where there is one.</summary>
internal sealed unsafe class FusedEmbedding
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly FusedShape _shape;
    private readonly PackedMatrix _patches;
    private readonly float* _bias, _positions;
    private readonly float*[] _prefix;
    private readonly NormWeights _patchNorm, _preNorm;

    internal FusedEmbedding(FusedShape shape, FusedParameters parameters)
    {
        _shape = shape;
        _architecture = parameters.Architecture;
        _patches = parameters.Pack("patch_embed.proj.weight");
        _bias = parameters.Padded("patch_embed.proj.bias", shape.Dimension);
        _patchNorm = parameters.Norm("patch_embed.norm");
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

    /// <summary>Embeds an image.</summary>
    /// <param name="pixels">[C, H, W].</param>
    /// <param name="image">Receives the tokens [T, D].</param>
    internal void Embed(float* pixels, FusedImage image)
    {
        int prefix = _architecture.PrefixTokens;
        var (tokens, patches) = (image.Memory.Tokens, image.Memory.Wide);
        for (int token = 0; token < prefix; token++)
            Initialize(tokens.Row(token), _prefix[token], token);
        image.ForRows(_architecture.PatchTokens, (first, end) =>
        {
            for (int patch = first; patch < end; patch++)
            {
                if (!_patchNorm.Exists)
                    Initialize(tokens.Row(prefix + patch), null, prefix + patch);
                if (patch < _architecture.PatchTokens)
                    CopyPatch(pixels, patch, patches.Row(patch));
            }
        });
        var patchTokens = new FusedRows(tokens.Row(prefix), tokens.Stride);
        image.Multiply(_patches, patches, _architecture.PatchTokens, _bias, patchTokens, add: !_patchNorm.Exists);
        if (_patchNorm.Exists)
            image.ForRows(_architecture.PatchTokens, (first, end) => NormalizePatches(patchTokens, first, Math.Min(end, _architecture.PatchTokens)));
        if (_preNorm.Exists)
            image.Normalize(tokens, tokens, _shape.Tokens, _shape.Dimension, _preNorm);
    }

    /// <summary>Normalizes the projected patches and adds their position embeddings.</summary>
    private void NormalizePatches(FusedRows patches, int first, int end)
    {
        int prefix = _architecture.PrefixTokens;
        for (int patch = first; patch < end; patch++)
        {
            float* row = patches.Row(patch);
            VectorRows.Normalize(row, row, _shape.Dimension, _patchNorm);
            float* position = Position(prefix + patch);
            if (position != null)
                VectorRows.Add(row, position, _shape.Dimension);
        }
    }

    /// <summary>The position embedding of a token; null if it has none.</summary>
    private float* Position(int index)
    {
        int position = _architecture.PositionsCoverPrefix ? index : index - _architecture.PrefixTokens;
        return _positions != null && position >= 0 && index < _shape.Tokens ? _positions + ((nint)position * _shape.Dimension) : null;
    }

    /// <summary>Writes the initial value of a token: the prefix token, or zero, plus the position embedding.</summary>
    private void Initialize(float* row, float* token, int index)
    {
        float* position = Position(index);
        for (int i = 0; i < _shape.Dimension; i++)
            row[i] = (token == null ? 0 : token[i]) + (position == null ? 0 : position[i]);
    }

    /// <summary>Copies the pixels of a patch in the order of the convolution's weights: [C, height, width].</summary>
    private void CopyPatch(float* image, int patch, float* to)
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
