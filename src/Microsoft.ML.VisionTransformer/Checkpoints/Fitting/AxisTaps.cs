// Which entries of one side of a grid each entry of the resampled side is made of.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>An input entry and its share of an output entry.</summary>
internal readonly record struct AxisTap(int Index, double Weight);

/// <summary>
/// Entry i of n is the interval [i, i + 1] of [0, n]. With scale = input / output, output entry i samples the input at (i + 0.5) * scale - 0.5, entries
/// beyond the border being those at the border; PyTorch's <c>interpolate</c> with <c>align_corners=False</c>. Weights of an output entry sum to 1.
/// </summary>
internal static class AxisTaps
{
    /// <summary>PyTorch's constant where it antialiases; Pillow's too.</summary>
    private const double AntialiasedCubicA = -0.5;

    /// <summary>PyTorch's constant where it does not.</summary>
    private const double PlainCubicA = -0.75;

    private const int CubicRadius = 2;
    private const int LinearRadius = 1;

    /// <summary>What DINOv2's code adds to the wanted number of patches before it divides by that of the table.</summary>
    private const double Dinov2Offset = 0.1;

    /// <summary>The taps of each output entry. Both sizes are at least 1.</summary>
    internal static AxisTap[][] Of(int input, int output, PositionResampling kind) => kind switch
    {
        PositionResampling.Timm => Antialiased(input, output),
        PositionResampling.HuggingFace => Plain(input, output, i => Centre(i, (double)input / output), CubicRadius, PlainCubic),
        PositionResampling.Dinov2Original => Plain(input, output, i => Centre(i, input / (output + Dinov2Offset)), CubicRadius, PlainCubic),
        PositionResampling.Bilinear => Plain(input, output, i => Centre(i, (double)input / output), LinearRadius, Linear),
        PositionResampling.CornersAligned => Plain(input, output, i => output == 1 ? 0 : i * (input - 1.0) / (output - 1), LinearRadius, Linear),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind of resampling is not known."),
    };

    private static double Centre(int i, double scale) => (i + 0.5) * scale - 0.5;

    /// <summary>
    /// Where the side shrinks the kernel is widened by the scale, so that every entry counts. Entries beyond the border are left out, and the weights divided
    /// by their sum.
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
