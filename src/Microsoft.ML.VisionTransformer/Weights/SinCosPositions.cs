// The fixed position table of sines and cosines.
namespace Microsoft.ML.VisionTransformer.Weights;

/// <summary>
/// The fixed two-dimensional position table of MAE (arXiv:2111.06377) and, on square grids with rows and columns swapped, of MoCo v3
/// (arXiv:2104.02057). With Q = D / 4 and w_i = 10000^(-i / Q), the patch in row r and column c gets
/// [sin(c w_0..), cos(c w_0..), sin(r w_0..), cos(r w_0..)], Q values each; tokens before the patches get zeros.
/// </summary>
internal static class SinCosPositions
{
    private const double Temperature = 10000;

    /// <summary>Fills the table [1, prefix + rows * columns, D], patches row by row. D is divisible by 4.</summary>
    internal static void Fill(Span<float> values, VisionTransformerArchitecture architecture)
    {
        var (grid, dimension, prefix) = (architecture.Grid, architecture.EmbeddingDimension, architecture.PositionCount - architecture.PatchTokens);
        values[..(prefix * dimension)].Clear();
        for (int row = 0; row < grid.Height; row++)
        {
            for (int column = 0; column < grid.Width; column++)
            {
                var vector = values.Slice((prefix + (row * grid.Width) + column) * dimension, dimension);
                Fill(vector[..(dimension / 2)], column);
                Fill(vector[(dimension / 2)..], row);
            }
        }
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
