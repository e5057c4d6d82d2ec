// Attention of some queries of an image to all its keys and values.
namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Per head softmax(q k^T / sqrt(d)) v (arXiv:1706.03762, section 3.2.2) over packed keys and values: the scores of a few queries at a time stay in the cache and are never
/// written as a whole.
/// </summary>
internal sealed unsafe class FusedAttention(FusedShape shape)
{
    /// <summary>Queries whose scores are held at a time; a multiple of 6.</summary>
    internal const int Queries = 24;

    private readonly float _scale = (float)(1 / Math.Sqrt(shape.HeadWidth));

    /// <summary>Puts keys of a head, scaled, into panels.</summary>
    /// <param name="qkv">[T, 3 D] of one image.</param>
    /// <param name="tokens">T.</param>
    /// <param name="head">Which head.</param>
    /// <param name="packed">Takes them; where tokens are padded it stays as it is, zero.</param>
    internal void PackKeys(float* qkv, int tokens, int head, float* packed)
    {
        int width = shape.HeadWidth, stride = 3 * shape.Dimension;
        float* keys = qkv + shape.Dimension + ((nint)head * width);
        for (int token = 0; token < tokens; token += MatrixTile.Columns, keys += MatrixTile.Columns * stride, packed += MatrixTile.Columns * width)
            MatrixTranspose.Transpose(new FusedRows(keys, stride), Math.Min(MatrixTile.Columns, tokens - token), width, new FusedRows(packed, MatrixTile.Columns), _scale);
    }

    /// <summary>Puts values of a head into panels, behind its keys.</summary>
    /// <param name="qkv">[T, 3 D] of one image.</param>
    /// <param name="tokens">T.</param>
    /// <param name="head">Which head.</param>
    /// <param name="packed">Takes them; where the width is padded it stays as it is, zero.</param>
    internal void PackValues(float* qkv, int tokens, int head, float* packed)
    {
        int width = shape.HeadWidth, stride = 3 * shape.Dimension;
        float* values = qkv + (2 * shape.Dimension) + ((nint)head * width);
        float* panels = packed + ((nint)shape.PaddedTokens * width);
        for (int first = 0; first < width; first += MatrixTile.Columns, panels += (nint)tokens * MatrixTile.Columns)
        {
            int count = Math.Min(MatrixTile.Columns, width - first);
            for (int token = 0; token < tokens; token++)
                VectorRows.Copy(values + ((nint)token * stride) + first, panels + ((nint)token * MatrixTile.Columns), count);
        }
    }

    /// <summary>What one head gives for some queries.</summary>
    /// <param name="qkv">The row [3 D] of the first query; rows follow up to a multiple of 6.</param>
    /// <param name="queries">How many, at most <see cref="Queries"/>.</param>
    /// <param name="head">Which head.</param>
    /// <param name="tokens">How many keys and values there are.</param>
    /// <param name="packed">They.</param>
    /// <param name="bias">What is added to the scores of each key; null for nothing.</param>
    /// <param name="to">From the row [D] of the first query on; the head's part is written.</param>
    /// <param name="scratch">The thread's memory.</param>
    internal void Mix(float* qkv, int queries, int head, int tokens, float* packed, float* bias, FusedRows to, FusedScratch scratch)
    {
        int width = shape.HeadWidth, rows = MatrixTile.PaddedRows(queries), padded = MatrixTile.PaddedColumns(tokens);
        float* scores = scratch.Scores, mixed = scratch.Mixed;
        Multiply(new FusedRows(qkv + ((nint)head * width), 3 * shape.Dimension), rows, packed, width, new FusedRows(scores, padded));
        float* sums = stackalloc float[Queries];
        for (int row = 0; row < rows; row++)
        {
            float* some = scores + ((nint)row * padded);
            if (bias != null)
                VectorRows.Add(some, bias, padded);
            sums[row] = VectorRows.Exponentials(some, tokens, padded);
        }

        Multiply(new FusedRows(scores, padded), rows, packed + ((nint)shape.PaddedTokens * width), tokens, new FusedRows(mixed, shape.PaddedHeadWidth));
        for (int row = 0; row < queries; row++)
            VectorRows.Scale(mixed + ((nint)row * shape.PaddedHeadWidth), 1 / sums[row], to.Row(row) + ((nint)head * width), width);
    }

    /// <summary>c = a panels, over the whole width of c.</summary>
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
