// Between which values a share lies that was measured on few rows.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>Wilson's score interval of 95 % (Journal of the American Statistical Association 22, 1927): right at shares near 0 and 1, too.</summary>
internal readonly record struct WilsonInterval(double From, double To)
{
    /// <summary>The 97.5 % point of the normal distribution.</summary>
    private const double Z = 1.959964;

    /// <param name="right">Rows that count.</param>
    /// <param name="count">All rows, at least 1.</param>
    internal static WilsonInterval Of(int right, int count)
    {
        double fraction = right / (double)count, squared = Z * Z / count;
        double middle = (fraction + squared / 2) / (1 + squared);
        double half = Z / (1 + squared) * Math.Sqrt(fraction * (1 - fraction) / count + squared / (4 * count));
        return new WilsonInterval(Math.Max(0, middle - half), Math.Min(1, middle + half));
    }
}
