// Chooses round tick values for an axis.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>Evenly spaced ticks at 1, 2 or 5 times a power of ten that enclose a range; the axis runs from the first to the last.</summary>
internal static class AxisTicks
{
    private static readonly double[] _steps = [1, 2, 5, 10];

    /// <summary>A relative range below this counts as zero: the ticks would round to the same value, and the axis would have no length.</summary>
    private const double MinRelativeRange = 1e-9;

    /// <summary>At least two ticks in ascending order, even if all values are equal.</summary>
    /// <param name="from">Smallest value.</param>
    /// <param name="to">Largest value, at least <paramref name="from"/>.</param>
    /// <param name="intervals">Approximate maximum number of intervals.</param>
    /// <param name="most">Upper limit of the ticks, such as 1 for fractions; at least <paramref name="to"/>.</param>
    internal static double[] Enclosing(double from, double to, int intervals = 5, double most = double.PositiveInfinity)
    {
        double size = Math.Max(Math.Abs(to), 1);
        double step = StepOf(to - from > MinRelativeRange * size ? to - from : size, intervals);
        double first = Math.Floor(from / step + 1e-9), last = Math.Max(Math.Ceiling(to / step - 1e-9), first + 1);
        last = Math.Min(last, Math.Floor(most / step + 1e-9));
        first = Math.Min(first, last - 1);
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => Math.Round((first + i) * step, 12))];
    }

    /// <summary>Integer ticks from <paramref name="from"/> to <paramref name="to"/> at a round step, such as epochs.</summary>
    internal static int[] Whole(int from, int to, int intervals = 7)
    {
        int step = (int)Math.Max(1, StepOf(Math.Max(to - from, 1), intervals));
        return [.. Enumerable.Range(from, to - from + 1).Where(value => value % step == 0 || value == from && value + step / 2 < NextTick(from, step))];
    }

    private static int NextTick(int value, int step) => (value / step + 1) * step;

    private static double StepOf(double range, int intervals)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(range / intervals)));
        return _steps.Select(step => step * power).First(step => range / step <= intervals * (1 + 1e-9));
    }
}
