// What follows the blocks, on packed networks: pool, norm, head, softmax.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Tokens to class probabilities on the calling thread. It is little work, but libtorch shares it out to its OpenMP threads, which then wait for more by spinning and take
/// a processor away from the next image for a millisecond: a fifth of a ViT-Ti's time.
/// </summary>
internal sealed unsafe class FusedHead
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly NormWeights _pooledNorm;
    private readonly float* _weight, _bias;

    private FusedHead(FusedParameters parameters)
    {
        _architecture = parameters.Architecture;
        _pooledNorm = parameters.Norm("fc_norm");
        _weight = parameters.Vector("head.weight");
        _bias = parameters.Vector("head.bias");
    }

    /// <summary>The head of a network that pools by class token or mean and has one layer behind that; null for others, whose ends run in libtorch.</summary>
    internal static FusedHead? Of(FusedParameters parameters) => parameters.Architecture is
    {
        Classes: > 0, DistillationToken: false, RepresentationDimension: 0, Pooling: TokenPooling.ClassToken or TokenPooling.Average,
    }
        ? new FusedHead(parameters)
        : null;

    /// <summary>Probabilities of images, row after row [count, classes].</summary>
    /// <param name="tokens">[count, kept, D] behind the final norm, of which the head reads as many as <see cref="VisionTransformerArchitecture.HeadTokens"/> says.</param>
    /// <param name="count">How many images.</param>
    /// <param name="temperature">Divides the logits before the softmax (arXiv:1706.04599).</param>
    internal float[] Probabilities(float* tokens, int count, double temperature)
    {
        int classes = _architecture.Classes, dimension = _architecture.EmbeddingDimension;
        float[] features = new float[dimension], scores = new float[MatrixTile.PaddedColumns(classes)], all = new float[count * classes];
        fixed (float* pooled = features, row = scores)
        {
            for (int image = 0; image < count; image++, tokens += (nint)_architecture.HeadTokens * dimension)
            {
                Pool(tokens, pooled);
                for (int i = 0; i < classes; i++)
                    row[i] = (VectorRows.Dot(pooled, _weight + ((nint)i * dimension), dimension) + (_bias == null ? 0 : _bias[i])) * (float)(1 / temperature);
                float sum = VectorRows.Exponentials(row, classes, scores.Length);
                VectorRows.Scale(row, 1 / sum, row, scores.Length);
                scores.AsSpan(0, classes).CopyTo(all.AsSpan(image * classes));
            }
        }

        return all;
    }

    private void Pool(float* tokens, float* pooled)
    {
        int dimension = _architecture.EmbeddingDimension;
        if (_architecture.Pooling == TokenPooling.ClassToken)
        {
            VectorRows.Copy(tokens, pooled, dimension);
        }
        else
        {
            new Span<float>(pooled, dimension).Clear();
            for (int token = _architecture.UnpooledTokens; token < _architecture.Tokens; token++)
                VectorRows.Add(pooled, tokens + ((nint)token * dimension), dimension);
            VectorRows.Scale(pooled, 1f / (_architecture.Tokens - _architecture.UnpooledTokens), pooled, dimension);
        }

        if (_pooledNorm.Exists)
            VectorRows.Normalize(pooled, pooled, dimension, _pooledNorm);
    }
}
