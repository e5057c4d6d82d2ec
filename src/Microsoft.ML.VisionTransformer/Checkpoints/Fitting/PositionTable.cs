// Resamples a table of learned position embeddings to another patch grid.
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

/// <summary>Tables are [1, P, D], row-major. The prefix entries are copied; the others are resampled as an image with D channels.</summary>
internal static class PositionTable
{
    /// <summary>Writes the table for another grid as the framework does: copied if the framework copies it, otherwise resampled.</summary>
    /// <param name="table">The table.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="result">Receives the new table.</param>
    /// <param name="to">The new grid.</param>
    /// <param name="kind">The framework's method.</param>
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

    /// <summary>Whether the framework uses the table unchanged.</summary>
    /// <remarks>
    /// All frameworks compare the number of entries, not the grids: a table for 2 by 8 is used unchanged for 4 by 4. If positions are resampled during the
    /// forward pass, the new grid must also be square; when .npz files are loaded, only the number counts.
    /// </remarks>
    internal static bool IsKept(PositionTableShape shape, ImageDimensions to, PositionResampling kind) =>
        (shape with { Grid = to }).Entries == shape.Entries
        && (to.Height == to.Width || kind is PositionResampling.Bilinear or PositionResampling.CornersAligned);

    /// <summary>Resamples the table for any pair of grids: along rows, then along columns, in float64 with one rounding at the end.</summary>
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
        int expected = (shape with { Grid = to }).Count;
        Guard.That(table.Length == shape.Count, nameof(table), $"The position table has {table.Length} values, but its shape requires {shape.Count}.");
        Guard.That(result.Length == expected, nameof(result), $"The new position table has {expected} values, but the span has {result.Length}.");
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

/// <summary>
/// The shape of a table of learned positions, [1, P, D]. The P entries are those of the prefix tokens, followed by one per patch, row by row.
/// </summary>
/// <param name="Prefix">Number of leading entries: class, distillation and register tokens that have a position.</param>
/// <param name="Grid">Rows and columns of patches.</param>
/// <param name="Dimension">D.</param>
internal readonly record struct PositionTableShape(int Prefix, ImageDimensions Grid, int Dimension)
{
    /// <summary>P.</summary>
    internal int Entries => checked(Prefix + Grid.Height * Grid.Width);

    /// <summary>Number of values.</summary>
    internal int Count => checked(Entries * Dimension);

    /// <summary>The shape of a table whose grid is not known: a square grid is assumed, as in timm.</summary>
    /// <param name="entries">P.</param>
    /// <param name="prefix">Number of leading entries.</param>
    /// <param name="dimension">D.</param>
    /// <param name="where">File and tensor, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The entries after the leading ones do not form a square grid.</exception>
    internal static PositionTableShape Square(int entries, int prefix, int dimension, string where)
    {
        int patches = entries - prefix, side = (int)Math.Sqrt(Math.Max(patches, 0));
        return side > 0 && side * side == patches
            ? new PositionTableShape(prefix, side, dimension)
            : throw new InvalidCheckpointException(
                $"{where} has {entries} entries, {prefix} of them for prefix tokens: the other {patches} do not form a square patch grid; "
                + "pass the architecture that the weights were trained with, including the image size.");
    }
}

/// <summary>
/// Entry i of n covers the interval [i, i + 1] of [0, n]. With scale = input / output, output entry i samples the input at (i + 0.5) * scale - 0.5, and
/// entries beyond the border repeat the border entry, as in PyTorch's <c>interpolate</c> with <c>align_corners=False</c>. The weights of an output entry
/// sum to 1.
/// </summary>
internal static class AxisTaps
{
    /// <summary>PyTorch's and Pillow's constant with antialiasing.</summary>
    private const double AntialiasedCubicA = -0.5;

    /// <summary>PyTorch's constant without antialiasing.</summary>
    private const double PlainCubicA = -0.75;

    private const int CubicRadius = 2;
    private const int LinearRadius = 1;

    /// <summary>DINOv2's code adds this to the new number of patches before dividing by the table's number.</summary>
    private const double Dinov2Offset = 0.1;

    /// <summary>The taps of each output entry. Both sizes are at least 1.</summary>
    internal static AxisTap[][] Of(int input, int output, PositionResampling kind) => kind switch
    {
        PositionResampling.Timm => Antialiased(input, output),
        PositionResampling.HuggingFace => Plain(input, output, i => Center(i, (double)input / output), CubicRadius, PlainCubic),
        PositionResampling.Dinov2Original => Plain(input, output, i => Center(i, input / (output + Dinov2Offset)), CubicRadius, PlainCubic),
        PositionResampling.Bilinear => Plain(input, output, i => Center(i, (double)input / output), LinearRadius, Linear),
        PositionResampling.CornersAligned => Plain(input, output, i => output == 1 ? 0 : i * (input - 1.0) / (output - 1), LinearRadius, Linear),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown resampling method."),
    };

    private static double Center(int i, double scale) => (i + 0.5) * scale - 0.5;

    /// <summary>
    /// When downsampling, the kernel is widened by the scale to cover every entry. Entries beyond the border are dropped, and the weights are divided by
    /// their sum.
    /// </summary>
    private static AxisTap[][] Antialiased(int input, int output)
    {
        double scale = (double)input / output, shrink = Math.Max(scale, 1), support = CubicRadius * shrink;
        var taps = new AxisTap[output][];
        for (int i = 0; i < output; i++)
        {
            double middle = (i + 0.5) * scale;
            int first = (int)Math.Max(middle - support + 0.5, 0), end = (int)Math.Min(middle + support + 0.5, input);
            double[] weights = [.. Enumerable.Range(first, end - first).Select(j => Cubic((j - middle + 0.5) / shrink, AntialiasedCubicA))];
            double sum = weights.Sum();
            taps[i] = [.. weights.Select((weight, j) => new AxisTap(first + j, weight / sum))];
        }

        return taps;
    }

    private static AxisTap[][] Plain(int input, int output, Func<int, double> sampledAt, int radius, Func<double, double> kernel) =>
        [.. Enumerable.Range(0, output).Select(i =>
        {
            double point = sampledAt(i);
            int first = (int)Math.Floor(point) - radius + 1;
            return Enumerable.Range(first, 2 * radius).Select(j => new AxisTap(Math.Clamp(j, 0, input - 1), kernel(j - point))).ToArray();
        })];

    private static double Linear(double distance) => Math.Max(0, 1 - Math.Abs(distance));

    private static double PlainCubic(double distance) => Cubic(distance, PlainCubicA);

    /// <summary>Keys' cubic convolution (1981).</summary>
    private static double Cubic(double distance, double a) => Math.Abs(distance) switch
    {
        < 1 and var x => ((a + 2) * x - (a + 3)) * x * x + 1,
        < 2 and var x => (((x - 5) * x + 8) * x - 4) * a,
        _ => 0,
    };
}

/// <summary>An input entry and its weight in an output entry.</summary>
internal readonly record struct AxisTap(int Index, double Weight);
