// Maps values to coordinates of a plot and draws its axes.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>
/// The rectangle of a plot in SVG units, and the values at its edges. SVG drawings are about as wide as a phone screen, so their text is readable there;
/// they scale with the page.
/// </summary>
internal sealed record PlotArea(double Left, double Top, double Right, double Bottom)
{
    internal required (double From, double To) Horizontal { get; init; }

    internal required (double From, double To) Vertical { get; init; }

    internal double X(double value) => Left + (value - Horizontal.From) / (Horizontal.To - Horizontal.From) * (Right - Left);

    internal double Y(double value) => Bottom - (value - Vertical.From) / (Vertical.To - Vertical.From) * (Bottom - Top);

    /// <summary>Draws horizontal grid lines with labels on the left.</summary>
    internal void DrawRows(HtmlBuilder html, IEnumerable<double> ticks, Func<double, string> format)
    {
        foreach (double tick in ticks)
        {
            html.Add($"<line class=\"grid\" x1=\"{Left}\" y1=\"{Y(tick)}\" x2=\"{Right}\" y2=\"{Y(tick)}\"/>");
            html.Add($"<text class=\"tick end\" x=\"{Left - 6}\" y=\"{Y(tick) + 4}\">{format(tick)}</text>");
        }
    }

    /// <summary>Draws tick labels and the axis title below the plot.</summary>
    internal void DrawColumns(HtmlBuilder html, IEnumerable<double> ticks, Func<double, string> format, string name)
    {
        foreach (double tick in ticks)
            html.Add($"<text class=\"tick middle\" x=\"{X(tick)}\" y=\"{Bottom + 16}\">{format(tick)}</text>");
        html.Add($"<text class=\"tick middle\" x=\"{(Left + Right) / 2}\" y=\"{Bottom + 33}\">{name}</text>");
    }
}
