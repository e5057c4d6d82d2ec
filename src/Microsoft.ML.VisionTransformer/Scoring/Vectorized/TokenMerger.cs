// Merges similar tokens of an image between the attention and the MLP of a block.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Token merging by bipartite soft matching (Bolya et al., "Token Merging: Your ViT But Faster", arXiv:2210.09461, section 3). Each token at an even
/// position is matched with the most similar token at an odd position, by the cosine similarity of their keys averaged over the heads. The most similar
/// pairs are merged into one token each: their mean, weighted by the number of patches that each represents. Attention weights a key by the number of
/// patches it represents. Tokens before the patches are not merged.
/// </summary>
internal sealed unsafe class TokenMerger : IDisposable
{
    private readonly FusedShape _shape;
    private readonly int _prefix, _keyWidth;
    private readonly FloatBuffer _memory;
    private readonly float* _keys, _sizes, _sorted;
    private readonly int[] _current, _partners, _positions;
    private readonly (float Similarity, int Token)[] _pairs;

    internal TokenMerger(FusedShape shape)
    {
        _shape = shape;
        _prefix = shape.PrefixTokens;
        _keyWidth = shape.PaddedHeadWidth;
        long keys = (long)shape.Tokens * _keyWidth, sizes = shape.PaddedTokens, sorted = (long)shape.Tokens * shape.PaddedDimension;
        _memory = new FloatBuffer(keys + (2 * sizes) + sorted);
        _keys = _memory.Start;
        _sizes = _keys + keys;
        LogSizes = _sizes + sizes;
        _sorted = LogSizes + sizes;
        _current = new int[shape.Tokens];
        _partners = new int[shape.Tokens];
        _positions = new int[shape.Tokens];
        _pairs = new (float, int)[(shape.Tokens + 1) / 2];
    }

    /// <summary>Logarithm of the number of patches that each token represents; attention adds it to the scores of the token's key.</summary>
    internal float* LogSizes { get; }

    /// <summary>Starts an image: each token represents itself.</summary>
    internal void Reset()
    {
        for (int token = 0; token < _shape.Tokens; token++)
            (_current[token], _sizes[token], LogSizes[token]) = (token, 1, 0);
    }

    /// <summary>The current position of an original token.</summary>
    internal int Position(int token) => _current[token];

    /// <summary>Merges pairs of tokens.</summary>
    /// <param name="x">Tokens [T, padded D]; on return, the remaining tokens come first.</param>
    /// <param name="qkv">The queries, keys and values [T, 3 D] of the attention.</param>
    /// <param name="tokens">T.</param>
    /// <param name="maxPairs">The number of pairs to merge; fewer are merged if there are fewer tokens at even positions.</param>
    /// <returns>The number of remaining tokens.</returns>
    internal int Merge(float* x, float* qkv, int tokens, int maxPairs)
    {
        UnitKeys(qkv, tokens);
        int pairs = Match(tokens);
        int merged = Math.Min(maxPairs, pairs);
        if (merged == 0)
            return tokens;
        Array.Sort(_pairs, 0, pairs, Comparer<(float Similarity, int Token)>.Create(
            (a, b) => a.Similarity != b.Similarity ? b.Similarity.CompareTo(a.Similarity) : a.Token.CompareTo(b.Token)));
        for (int pair = merged; pair < pairs; pair++)
            _partners[_pairs[pair].Token] = _pairs[pair].Token;
        for (int token = _prefix; token < tokens; token++)
        {
            if (_partners[token] != token)
                Add(x, token, _partners[token]);
        }

        return Sort(x, tokens);
    }

    public void Dispose() => _memory.Dispose();

    private void UnitKeys(float* qkv, int tokens)
    {
        int width = _shape.HeadWidth, dimension = _shape.Dimension;
        for (int token = 0; token < tokens; token++)
        {
            float* keys = qkv + ((nint)token * _shape.QkvStride) + dimension, key = _keys + ((nint)token * _keyWidth);
            new ReadOnlySpan<float>(keys, width).CopyTo(new Span<float>(key, width));
            for (int head = 1; head < _shape.Heads; head++)
            {
                for (int i = 0; i < width; i++)
                    key[i] += keys[(head * width) + i];
            }

            VectorRows.Scale(key, 1 / MathF.Sqrt(VectorRows.Dot(key, key, _keyWidth)), key, width);
        }
    }

    /// <summary>Finds the partner of each token at an even position and returns the number of pairs. All other tokens are their own partners.</summary>
    private int Match(int tokens)
    {
        for (int token = 0; token < tokens; token++)
            _partners[token] = token;
        int pairs = 0, firstOdd = _prefix | 1;
        for (int token = (_prefix + 1) / 2 * 2; token < tokens && firstOdd < tokens; token += 2)
        {
            float* key = _keys + ((nint)token * _keyWidth);
            float max = float.NegativeInfinity;
            for (int other = firstOdd; other < tokens; other += 2)
            {
                float similarity = VectorRows.Dot(key, _keys + ((nint)other * _keyWidth), _keyWidth);
                if (similarity > max || other == firstOdd)
                    (max, _partners[token]) = (similarity, other);
            }

            _pairs[pairs++] = (max, token);
        }

        return pairs;
    }

    /// <summary>Merges a token into another.</summary>
    private void Add(float* x, int token, int to)
    {
        float all = _sizes[token] + _sizes[to];
        float* row = x + ((nint)to * _shape.PaddedDimension);
        VectorRows.Scale(row, _sizes[to] / all, row, _shape.Dimension);
        VectorRows.AddScaled(row, x + ((nint)token * _shape.PaddedDimension), _sizes[token] / all, _shape.Dimension);
        _sizes[to] = all;
    }

    /// <summary>
    /// Moves the remaining tokens to the front: the prefix, then even positions, then odd positions. The new order gives the next block other pairs to match.
    /// </summary>
    private int Sort(float* x, int tokens)
    {
        int left = 0;
        for (int token = 0; token < _prefix; token++)
            _positions[token] = left++;
        for (int parity = 0; parity < 2; parity++)
        {
            for (int token = _prefix + ((_prefix + parity) & 1); token < tokens; token += 2)
            {
                if (_partners[token] == token)
                    _positions[token] = left++;
            }
        }

        for (int token = 0; token < tokens; token++)
        {
            if (_partners[token] != token)
                continue;
            float* to = _sorted + ((nint)_positions[token] * _shape.PaddedDimension);
            new ReadOnlySpan<float>(x + ((nint)token * _shape.PaddedDimension), _shape.Dimension).CopyTo(new Span<float>(to, _shape.Dimension));
            LogSizes[_positions[token]] = _sizes[token];
        }

        new ReadOnlySpan<float>(_sorted, left * _shape.PaddedDimension).CopyTo(new Span<float>(x, left * _shape.PaddedDimension));
        for (int token = 0; token < left; token++)
            (_sizes[token], LogSizes[token]) = (LogSizes[token], MathF.Log(LogSizes[token]));
        for (int token = 0; token < _current.Length; token++)
            _current[token] = _positions[_partners[_current[token]]];
        return left;
    }
}
