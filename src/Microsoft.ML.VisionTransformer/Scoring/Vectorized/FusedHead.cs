// The layers after the encoder of a packed network: pool, norm, head, softmax.
using Microsoft.ML.VisionTransformer.Architecture;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Tokens to class probabilities on the calling thread. It is little work, but libtorch would split it among its OpenMP threads, which then spin while
/// they wait for more and take a processor away from the next image for a millisecond: a fifth of the time of a ViT-Ti.
/// </summary>
internal sealed unsafe class FusedHead
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly TokenPart _pool;
    private readonly int _tokens;
    private readonly NormWeights _pooledNorm;
    private readonly float* _weight, _bias;

    private FusedHead(FusedParameters parameters, TokenPart pool)
    {
        _architecture = parameters.Architecture;
        _pool = pool;
        _tokens = _architecture.HeadTokens;
        _pooledNorm = parameters.Norm("fc_norm");
        _weight = parameters.Vector("head.weight");
        _bias = parameters.Vector("head.bias");
    }

    /// <summary>
    /// The head of a network that pools by class token or mean and has a single linear layer; null for other networks, whose heads run in libtorch.
    /// </summary>
    internal static FusedHead? Of(FusedParameters parameters) => parameters.Architecture is
    {
        Classes: > 0, DistillationToken: false, RepresentationDimension: 0,
    } && PoolingRecipe.Of(parameters.Architecture.Pooling).Parts is [{ Reduction: TokenReduction.None or TokenReduction.Mean } pool]
        ? new FusedHead(parameters, pool)
        : null;

    /// <summary>Class probabilities [count, classes], row-major.</summary>
    /// <param name="tokens">
    /// [count, kept, D] after the final norm, where kept is <see cref="VisionTransformerArchitecture.HeadTokens"/>.
    /// </param>
    /// <param name="count">Number of images.</param>
    /// <param name="temperature">Divides the logits before the softmax (arXiv:1706.04599).</param>
    internal float[] Probabilities(float* tokens, int count, double temperature)
    {
        int classes = _architecture.Classes, dimension = _architecture.EmbeddingDimension;
        float[] features = new float[dimension], scores = new float[MatrixTile.PaddedColumns(classes)], all = new float[count * classes];
        fixed (float* pooled = features, row = scores)
        {
            for (int image = 0; image < count; image++, tokens += (nint)_tokens * dimension)
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
        int first = _pool.First(_architecture), end = _pool.End(_architecture);
        if (_pool.Reduction == TokenReduction.None)
        {
            VectorRows.Copy(tokens + ((nint)first * dimension), pooled, dimension);
        }
        else
        {
            new Span<float>(pooled, dimension).Clear();
            for (int token = first; token < end; token++)
                VectorRows.Add(pooled, tokens + ((nint)token * dimension), dimension);
            VectorRows.Scale(pooled, 1f / (end - first), pooled, dimension);
        }

        if (_pooledNorm.Exists)
            VectorRows.Normalize(pooled, pooled, dimension, _pooledNorm);
    }
}
