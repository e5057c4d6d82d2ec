// The layers after the encoder: pooling, norm, hidden layer, heads, softmax.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Tokens to class probabilities or embeddings, on the calling thread. It is little work, but libtorch would split it among its OpenMP threads, which then
/// spin while they wait for more and take a processor away from the next image for a millisecond: a fifth of the time of a ViT-Ti.
/// </summary>
internal sealed unsafe class FusedHead
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly IReadOnlyList<PoolingRecipe> _recipes;
    private readonly FusedPool? _attention;
    private readonly NormWeights _pooledNorm;
    private readonly LinearWeights _representation;
    private readonly LinearWeights[] _heads;

    internal FusedHead(FusedParameters parameters)
    {
        _architecture = parameters.Architecture;
        _recipes = PoolingRecipe.OfHeads(_architecture);
        _attention = PoolingRecipe.Of(_architecture.Pooling).Attends ? new FusedPool(parameters) : null;
        _pooledNorm = parameters.Norm("fc_norm");
        _representation = parameters.Linear("pre_logits.fc");
        _heads = [parameters.Linear("head"), parameters.Linear("head_dist")];
    }

    /// <summary>Class probabilities [count, classes], row-major.</summary>
    /// <param name="tokens">
    /// [count, kept, D] after the final norm, where kept is <see cref="VisionTransformerArchitecture.HeadTokens"/>.
    /// </param>
    /// <param name="count">Number of images.</param>
    /// <param name="temperature">Divides the logits before the softmax (arXiv:1706.04599).</param>
    internal float[] Probabilities(FloatBuffer tokens, int count, double temperature)
    {
        int classes = _architecture.Classes, padded = MatrixTile.PaddedColumns(classes);
        float[] probabilities = Outputs(tokens.Start, count, classes, applyHead: true), row = new float[padded];
        fixed (float* scores = row)
        {
            for (int image = 0; image < count; image++)
            {
                var logits = probabilities.AsSpan(image * classes, classes);
                for (int i = 0; i < classes; i++)
                    scores[i] = logits[i] * (float)(1 / temperature);
                float sum = VectorRows.Exponentials(scores, classes, padded);
                VectorRows.Scale(scores, 1 / sum, scores, padded);
                row.AsSpan(0, classes).CopyTo(logits);
            }
        }

        return probabilities;
    }

    /// <summary>Embeddings [count, width of the kind], row-major.</summary>
    /// <param name="tokens">[count, kept, D] after the final norm, where kept is <see cref="FeatureSizes.TokensOf"/>.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="kind">The kind of embedding.</param>
    /// <param name="normalize">Whether each embedding is scaled to Euclidean length 1.</param>
    internal float[] Features(FloatBuffer tokens, int count, FeatureKind kind, bool normalize)
    {
        int width = _architecture.WidthOf(kind);
        float[] features = PoolingRecipe.Of(kind) is { } recipe
            ? Parts(tokens.Start, count, _architecture.TokensOf(kind), recipe)
            : Outputs(tokens.Start, count, width, applyHead: kind == FeatureKind.HeadOutput);
        for (int image = 0; normalize && image < count; image++)
            Normalize(features.AsSpan(image * width, width));
        return features;
    }

    /// <summary>The network's own outputs, [count, width]: logits, or what the heads read, averaged over the heads.</summary>
    private float[] Outputs(float* tokens, int count, int width, bool applyHead)
    {
        int kept = _architecture.HeadTokens, dimension = _architecture.EmbeddingDimension;
        float[] outputs = new float[count * width], rented = new float[_architecture.PooledDimension + _architecture.FeatureDimension + width];
        fixed (float* pooled = rented, output = outputs)
        {
            float* hidden = pooled + _architecture.PooledDimension, logits = hidden + _architecture.FeatureDimension;
            for (int image = 0; image < count; image++, tokens += (nint)kept * dimension)
            {
                var sum = new Span<float>(output + ((nint)image * width), width);
                for (int head = 0; head < _recipes.Count; head++)
                {
                    Pool(tokens, _recipes[head], pooled);
                    float* features = Finish(pooled, hidden);
                    if (applyHead)
                        _heads[head].Apply(features, logits);
                    var result = new ReadOnlySpan<float>(applyHead ? logits : features, width);
                    for (int i = 0; i < width; i++)
                        sum[i] += result[i];
                }

                for (int i = 0; _recipes.Count > 1 && i < width; i++)
                    sum[i] /= _recipes.Count;
            }
        }

        return outputs;
    }

    /// <summary>An embedding that has its own recipe: each part is normalized by the norm that follows the pool, if there is one.</summary>
    private float[] Parts(float* tokens, int count, int kept, PoolingRecipe recipe)
    {
        int dimension = _architecture.EmbeddingDimension;
        float[] features = new float[count * recipe.Widths * dimension];
        fixed (float* start = features)
        {
            float* to = start;
            for (int image = 0; image < count; image++, tokens += (nint)kept * dimension)
            {
                foreach (var part in recipe.Parts)
                {
                    Reduce(tokens, part, to);
                    if (_pooledNorm.Exists)
                        VectorRows.Normalize(to, to, dimension, _pooledNorm);
                    to += dimension;
                }
            }
        }

        return features;
    }

    /// <summary>The layers between pool and head. Returns the address of the result: the input, or <paramref name="hidden"/>.</summary>
    private float* Finish(float* pooled, float* hidden)
    {
        if (_pooledNorm.Exists)
            VectorRows.Normalize(pooled, pooled, _architecture.EmbeddingDimension, _pooledNorm);
        if (!_representation.Exists)
            return pooled;
        _representation.Apply(pooled, hidden);
        for (int i = 0; i < _representation.Outputs; i++)
            hidden[i] = MathF.Tanh(hidden[i]);
        return hidden;
    }

    /// <summary>Pools the tokens of one image by a recipe: [T, D] to one vector, or wider.</summary>
    private void Pool(float* tokens, PoolingRecipe recipe, float* pooled)
    {
        int dimension = _architecture.EmbeddingDimension;
        if (recipe.Together == PartsTogether.SideBySide)
        {
            for (int i = 0; i < recipe.Parts.Length; i++)
                Reduce(tokens, recipe.Parts[i], pooled + ((nint)i * dimension));
            return;
        }

        new Span<float>(pooled, dimension).Clear();
        float* part = stackalloc float[dimension];
        foreach (var each in recipe.Parts)
        {
            Reduce(tokens, each, part);
            VectorRows.AddScaled(pooled, part, 1f / recipe.Parts.Length, dimension);
        }
    }

    private void Reduce(float* tokens, TokenPart part, float* to)
    {
        int dimension = _architecture.EmbeddingDimension, first = part.First(_architecture), end = part.End(_architecture);
        float* start = tokens + ((nint)first * dimension);
        switch (part.Reduction)
        {
            case TokenReduction.None:
                VectorRows.Copy(start, to, dimension);
                break;
            case TokenReduction.Mean:
                new Span<float>(to, dimension).Clear();
                for (int token = first; token < end; token++, start += dimension)
                    VectorRows.Add(to, start, dimension);
                VectorRows.Scale(to, 1f / (end - first), to, dimension);
                break;
            case TokenReduction.Max:
                VectorRows.Copy(start, to, dimension);
                for (int token = first + 1; token < end; token++)
                {
                    start += dimension;
                    for (int i = 0; i < dimension; i++)
                        to[i] = MathF.Max(to[i], start[i]);
                }

                break;
            default:
                _attention!.Pool(start, end - first, to);
                break;
        }
    }

    /// <summary>Divides a vector by its Euclidean length, as torch does: a length under 1e-12 counts as 1e-12.</summary>
    private static void Normalize(Span<float> vector)
    {
        double squares = 0;
        foreach (float value in vector)
            squares += (double)value * value;
        float length = MathF.Max((float)Math.Sqrt(squares), 1e-12f);
        foreach (ref float value in vector)
            value /= length;
    }
}

/// <summary>
/// Multi-head attention pooling of the tokens of one image (arXiv:2106.04560, appendix): a learned query attends to all tokens, y = proj(attention), then
/// y + mlp(norm(y)). The product of the query with the keys' matrix is computed once.
/// </summary>
internal sealed unsafe class FusedPool
{
    private readonly VisionTransformerArchitecture _architecture;
    private readonly NormWeights _norm;
    private readonly LinearWeights _projection, _expand, _contract, _values;
    private readonly float[] _query;
    private readonly LinearWeights _keys;

    internal FusedPool(FusedParameters parameters)
    {
        _architecture = parameters.Architecture;
        int dimension = _architecture.EmbeddingDimension;
        _norm = parameters.Norm("attn_pool.norm");
        _projection = parameters.Linear("attn_pool.proj");
        _expand = parameters.Linear("attn_pool.mlp.fc1");
        _contract = parameters.Linear("attn_pool.mlp.fc2");
        float* weight = parameters.Vector("attn_pool.kv.weight"), bias = parameters.Vector("attn_pool.kv.bias");
        _keys = new(weight, bias, dimension, dimension);
        _values = new(weight + ((nint)dimension * dimension), bias == null ? null : bias + dimension, dimension, dimension);
        _query = new float[dimension];
        fixed (float* query = _query)
            parameters.Linear("attn_pool.q").Apply(parameters.Vector("attn_pool.latent"), query);
    }

    /// <summary>Pools tokens [count, D] into one vector.</summary>
    internal void Pool(float* tokens, int count, float* to)
    {
        int dimension = _architecture.EmbeddingDimension, heads = _architecture.Heads, width = dimension / heads, padded = MatrixTile.PaddedColumns(count);
        float[] memory = new float[(2 * dimension) + (heads * padded) + MatrixTile.PaddedColumns(_architecture.MlpHiddenDimension)];
        fixed (float* row = memory, query = _query)
        {
            float* mixed = row + dimension, scores = mixed + dimension, hidden = scores + (heads * padded);
            float scale = (float)(1 / Math.Sqrt(width));
            for (int token = 0; token < count; token++)
            {
                _keys.Apply(tokens + ((nint)token * dimension), row);
                for (int head = 0; head < heads; head++)
                    scores[(head * padded) + token] = VectorRows.Dot(query + (head * width), row + (head * width), width) * scale;
            }

            for (int head = 0; head < heads; head++)
            {
                float* weights = scores + (head * padded);
                VectorRows.Scale(weights, 1 / VectorRows.Exponentials(weights, count, padded), weights, padded);
            }

            // Heads mix the tokens before the matrix of the values is applied, so it is applied once per head and not once per token.
            for (int head = 0; head < heads; head++)
            {
                new Span<float>(row, dimension).Clear();
                for (int token = 0; token < count; token++)
                    VectorRows.AddScaled(row, tokens + ((nint)token * dimension), scores[(head * padded) + token], dimension);
                _values.Rows(head * width, width).Apply(row, mixed + (head * width));
            }

            _projection.Apply(mixed, to);
            VectorRows.Normalize(to, row, dimension, _norm);
            _expand.Apply(row, hidden);
            VectorActivations.Apply(_architecture.Activation, hidden, 0, 1, MatrixTile.PaddedColumns(_architecture.MlpHiddenDimension));
            _contract.Apply(hidden, mixed);
            VectorRows.Add(to, mixed, dimension);
        }
    }
}
