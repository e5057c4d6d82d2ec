// Numbers as the report writes them.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class Figure
{
    /// <summary>What stands for a number that there is none of.</summary>
    internal const string None = "–";

    /// <summary>Keeps a number and its unit on one line.</summary>
    private const char NoBreakSpace = '\u00A0';

    /// <summary>A share in [0, 1] as "91.8 %".</summary>
    internal static string Percent(double? fraction) => fraction is { } value ? Invariant($"{value * 100:0.0}{NoBreakSpace}%") : None;

    /// <summary>A share in [0, 1] as "92 %", as the axes have it.</summary>
    internal static string WholePercent(double fraction) => Invariant($"{fraction * 100:0}{NoBreakSpace}%");

    /// <summary>
    /// A probability as "97.3 %"; never a rounded 100 % or 0 %, which would claim more than the number says.
    /// </summary>
    internal static string Probability(double value) => value switch
    {
        < 1 and > 0.9995 => Invariant($"> 99.9{NoBreakSpace}%"),
        > 0 and < 0.0005 => Invariant($"< 0.1{NoBreakSpace}%"),
        _ => Percent(value),
    };

    /// <summary>A loss as "0.253".</summary>
    internal static string Loss(double? value) => value is { } loss ? Invariant($"{loss:0.000}") : None;

    /// <summary>A rate as "1E-04" would read: three digits, a power of ten where it is small.</summary>
    internal static string Rate(double value) => Invariant($"{value:G3}");

    /// <summary>A count as "14,034".</summary>
    internal static string Count(int value) => Invariant($"{value:N0}");

    /// <summary>"1 image", "12 images".</summary>
    internal static string Images(int count) => count == 1 ? "1 image" : $"{Count(count)} images";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
