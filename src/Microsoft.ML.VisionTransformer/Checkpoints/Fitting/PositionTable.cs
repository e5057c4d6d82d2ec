// Stretches a table of learned positions over another grid of patches.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Tables are [1, P, D], row-major; their leading entries are kept as they are, the others are resampled as an image of D channels.</summary>
internal static class PositionTable
{
    /// <summary>The table for another grid, as the framework makes it: it is kept where the framework keeps it, and otherwise resampled.</summary>
    /// <param name="table">The table.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="result">Room for the new table.</param>
    /// <param name="to">The new grid.</param>
    /// <param name="kind">The framework.</param>
    internal static void Fit(ReadOnlySpan<float> table, PositionTableShape shape, Span<float> result, ImageDimensions to, PositionResampling kind)
    {
        if (IsKept(shape, to, kind))
        {
            CheckLengths(table, shape, result, to);
            table.CopyTo(result);
            return;
        }

        Resample(table, shape, result, to, kind);
    }

    /// <summary>Whether a framework takes the table as it is.</summary>
    /// <remarks>
    /// All compare the number of entries and not the grids: one of 2 by 8 is taken as it is for 4 by 4. Where positions are resampled on the way through the
    /// network the new grid must be square too; where .npz files are loaded the number is enough.
    /// </remarks>
    internal static bool IsKept(PositionTableShape shape, ImageDimensions to, PositionResampling kind) =>
        (shape with { Grid = to }).Entries == shape.Entries
        && (to.Height == to.Width || kind is PositionResampling.Bilinear or PositionResampling.CornersAligned);

    /// <summary>The table resampled, whatever the grids are. Along rows, then along columns, in 64-bit numbers that are rounded once.</summary>
    internal static void Resample(ReadOnlySpan<float> table, PositionTableShape shape, Span<float> result, ImageDimensions to, PositionResampling kind)
    {
        CheckLengths(table, shape, result, to);
        int prefix = shape.Prefix * shape.Dimension;
        table[..prefix].CopyTo(result);
        double[] widened = AlongRows(table[prefix..], shape, AxisTaps.Of(shape.Grid.Width, to.Width, kind));
        AlongColumns(widened, result[prefix..], AxisTaps.Of(shape.Grid.Height, to.Height, kind));
    }

    private static void CheckLengths(ReadOnlySpan<float> table, PositionTableShape shape, Span<float> result, ImageDimensions to)
    {
        Guard.AtLeast(to.Height, 1);
        Guard.AtLeast(to.Width, 1);
        int wanted = (shape with { Grid = to }).Count;
        Guard.That(table.Length == shape.Count, nameof(table), $"The position table has {table.Length} values, its shape says {shape.Count}.");
        Guard.That(result.Length == wanted, nameof(result), $"The new position table has {wanted} values, there is room for {result.Length}.");
    }

    /// <summary>[rows, columns, D] to [rows, new columns, D].</summary>
    private static double[] AlongRows(ReadOnlySpan<float> patches, PositionTableShape shape, AxisTap[][] columns)
    {
        var (rows, width, dimension) = (shape.Grid.Height, shape.Grid.Width, shape.Dimension);
        double[] result = new double[checked(rows * columns.Length * dimension)];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                var sum = result.AsSpan((row * columns.Length + column) * dimension, dimension);
                foreach (var (index, weight) in columns[column])
                {
                    var entry = patches.Slice((row * width + index) * dimension, dimension);
                    for (int d = 0; d < dimension; d++)
                        sum[d] += weight * entry[d];
                }
            }
        }

        return result;
    }

    /// <summary>[rows, values of a row] to [new rows, values of a row].</summary>
    private static void AlongColumns(ReadOnlySpan<double> grid, Span<float> result, AxisTap[][] rows)
    {
        double[] sum = new double[result.Length / rows.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            Array.Clear(sum);
            foreach (var (index, weight) in rows[row])
            {
                var stored = grid.Slice(index * sum.Length, sum.Length);
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += weight * stored[i];
            }

            for (int i = 0; i < sum.Length; i++)
                result[row * sum.Length + i] = (float)sum[i];
        }
    }
}
