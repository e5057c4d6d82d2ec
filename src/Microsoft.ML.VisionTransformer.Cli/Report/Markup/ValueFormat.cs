// Formats values for the report.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ValueFormat
{
    /// <summary>Stands for a missing value.</summary>
    internal const string None = "–";

    /// <summary>A fraction in [0, 1] as "91.8%".</summary>
    internal static string Percent(double? fraction) => fraction is { } value ? Invariant($"{value * 100:0.0}%") : None;

    /// <summary>A fraction in [0, 1] as "92%", for axes.</summary>
    internal static string WholePercent(double fraction) => Invariant($"{fraction * 100:0}%");

    /// <summary>
    /// A probability as "97.3%". Values that would round to 100% or 0% are written as "&gt; 99.9%" and "&lt; 0.1%".
    /// </summary>
    internal static string Probability(double value) => value switch
    {
        < 1 and > 0.9995 => Invariant($"> 99.9%"),
        > 0 and < 0.0005 => Invariant($"< 0.1%"),
        _ => Percent(value),
    };

    /// <summary>A loss as "0.253".</summary>
    internal static string Loss(double? value) => value is { } loss ? Invariant($"{loss:0.000}") : None;

    /// <summary>A learning rate with three significant digits; small values in scientific notation.</summary>
    internal static string Rate(double value) => Invariant($"{value:G3}");

    /// <summary>A count as "14,034".</summary>
    internal static string Count(int value) => Invariant($"{value:N0}");

    /// <summary>A size in megabytes of 1,000,000 bytes as "22.1".</summary>
    internal static string Megabytes(long bytes) => Invariant($"{bytes / 1e6:0.0}");

    /// <summary>"1 image", "12 images".</summary>
    internal static string Images(int count) => count == 1 ? "1 image" : $"{Count(count)} images";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
