// Multi-head attention over packed keys and values, a few queries at a time.

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Per head softmax(q k^T / sqrt(d)) v (arXiv:1706.03762, section 3.2.2) over packed keys and values. The scores of a few queries at a time stay in
/// the cache; the full score matrix is never stored.
/// </summary>
internal sealed unsafe class FusedAttention(FusedShape shape)
{
    /// <summary>Queries processed at a time; a multiple of 6.</summary>
    internal const int Queries = 24;

    private readonly float _scale = (float)(1 / Math.Sqrt(shape.HeadWidth));

    /// <summary>Packs the scaled keys of a head into panels.</summary>
    /// <param name="qkv">[T, 3 D] of one image.</param>
    /// <param name="tokens">T.</param>
    /// <param name="head">The head.</param>
    /// <param name="packed">Receives the panels; the padding tokens are not written and stay zero.</param>
    internal void PackKeys(float* qkv, int tokens, int head, float* packed)
    {
        int width = shape.HeadWidth, stride = shape.QkvStride;
        float* keys = qkv + shape.Dimension + ((nint)head * width);
        for (int token = 0; token < tokens; token += MatrixTile.Columns, keys += MatrixTile.Columns * stride, packed += MatrixTile.Columns * width)
        {
            int rows = Math.Min(MatrixTile.Columns, tokens - token);
            MatrixTranspose.Transpose(new FusedRows(keys, stride), rows, width, new FusedRows(packed, MatrixTile.Columns), _scale);
        }
    }

    /// <summary>Packs the values of a head into panels, after its keys.</summary>
    /// <param name="qkv">[T, 3 D] of one image.</param>
    /// <param name="tokens">T.</param>
    /// <param name="head">The head.</param>
    /// <param name="packed">Receives the panels; the padding columns are not written and stay zero.</param>
    internal void PackValues(float* qkv, int tokens, int head, float* packed)
    {
        int width = shape.HeadWidth, stride = shape.QkvStride;
        float* values = qkv + (2 * shape.Dimension) + ((nint)head * width);
        float* panels = packed + ((nint)shape.PaddedTokens * width);
        for (int first = 0; first < width; first += MatrixTile.Columns, panels += (nint)tokens * MatrixTile.Columns)
        {
            int count = Math.Min(MatrixTile.Columns, width - first);
            for (int token = 0; token < tokens; token++)
                VectorRows.Copy(values + ((nint)token * stride) + first, panels + ((nint)token * MatrixTile.Columns), count);
        }
    }

    /// <summary>Computes the output of one head for some queries.</summary>
    /// <param name="qkv">The row [3 D] of the first query; rows up to a multiple of 6 are read.</param>
    /// <param name="queries">Number of queries, at most <see cref="Queries"/>.</param>
    /// <param name="head">The head.</param>
    /// <param name="tokens">Number of keys and values.</param>
    /// <param name="packed">The packed keys and values of the head.</param>
    /// <param name="bias">Added to the scores of each key; null for none.</param>
    /// <param name="to">Output rows [D], starting at the first query; only the columns of the head are written.</param>
    /// <param name="scratch">The thread's memory.</param>
    internal void Mix(float* qkv, int queries, int head, int tokens, float* packed, float* bias, FusedRows to, FusedScratch scratch)
    {
        int width = shape.HeadWidth, rows = MatrixTile.PaddedRows(queries), padded = MatrixTile.PaddedColumns(tokens);
        float* scores = scratch.Scores, mixed = scratch.Mixed;
        Multiply(new FusedRows(qkv + ((nint)head * width), shape.QkvStride), rows, packed, width, new FusedRows(scores, padded));
        float* sums = stackalloc float[Queries];
        for (int row = 0; row < rows; row++)
        {
            float* rowScores = scores + ((nint)row * padded);
            if (bias != null)
                VectorRows.Add(rowScores, bias, padded);
            sums[row] = VectorRows.Exponentials(rowScores, tokens, padded);
        }

        Multiply(new FusedRows(scores, padded), rows, packed + ((nint)shape.PaddedTokens * width), tokens, new FusedRows(mixed, shape.PaddedHeadWidth));
        for (int row = 0; row < queries; row++)
            VectorRows.Scale(mixed + ((nint)row * shape.PaddedHeadWidth), 1 / sums[row], to.Row(row) + ((nint)head * width), width);
    }

    /// <summary>c = a panels, for all columns of c.</summary>
    private static void Multiply(FusedRows a, int rows, float* panels, int depth, FusedRows c)
    {
        for (int column = 0, width; column < c.Stride; column += width, panels += (nint)depth * width)
        {
            int together = MatrixTile.Together((c.Stride - column) / MatrixTile.Columns);
            width = together * MatrixTile.Columns;
            for (int row = 0; row < rows; row += MatrixTile.Rows)
                MatrixTile.Multiply(a.From(row), panels, together, depth, c.From(row, column), null, add: false, panels, depth);
        }
    }
}
