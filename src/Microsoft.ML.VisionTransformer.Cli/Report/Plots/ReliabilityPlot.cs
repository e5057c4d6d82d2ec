// Draws a reliability diagram: accuracy over confidence, with a histogram of the confidence.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ReliabilityPlot
{
    private const int Width = 360, Height = 400;

    private const string Title = "Reliability diagram";

    private static readonly double[] _ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];

    internal static void Draw(HtmlBuilder html, IReadOnlyList<CalibrationBin> bins, string description)
    {
        html.Add($"<figure class=\"plot\"><figcaption>{Title}</figcaption>");
        html.Add($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-labelledby=\"reliability-title reliability-description\">");
        html.Add($"<title id=\"reliability-title\">{Title}</title><desc id=\"reliability-description\">{description}</desc>");
        DrawFractions(html, bins);
        DrawCounts(html, bins);
        html.Add($"</svg></figure>");
    }

    private static void DrawFractions(HtmlBuilder html, IReadOnlyList<CalibrationBin> bins)
    {
        var area = new PlotArea(46, 22, Width - 22, 278) { Horizontal = (0, 1), Vertical = (0, 1) };
        area.DrawRows(html, _ticks, ValueFormat.WholePercent);
        html.Add($"<text class=\"tick start\" x=\"4\" y=\"12\">accuracy</text>");
        html.Add($"<line class=\"diagonal\" x1=\"{area.X(0)}\" y1=\"{area.Y(0)}\" x2=\"{area.X(1)}\" y2=\"{area.Y(1)}\"/>");
        foreach (var bin in bins.Where(bin => bin.Weight > 0))
        {
            var interval = WilsonInterval.Of((int)bin.RightWeight, (int)bin.Weight);
            double x = area.X(bin.Confidence);
            html.Add($"<line class=\"whisker\" x1=\"{x}\" y1=\"{area.Y(interval.From)}\" x2=\"{x}\" y2=\"{area.Y(interval.To)}\"/>");
            html.Add($"<circle class=\"dot\" cx=\"{x}\" cy=\"{area.Y(bin.Accuracy)}\" r=\"4\"/>");
        }
    }

    private static void DrawCounts(HtmlBuilder html, IReadOnlyList<CalibrationBin> bins)
    {
        double most = bins.Max(bin => bin.Weight);
        var area = new PlotArea(46, 314, Width - 22, 362) { Horizontal = (0, 1), Vertical = (0, most) };
        html.Add($"<text class=\"tick start\" x=\"4\" y=\"299\">images</text>");
        area.DrawRows(html, [0, most], value => ValueFormat.Count((int)value));
        foreach (var bin in bins)
            html.Add(
                $"<rect class=\"bar\" x=\"{area.X(bin.From) + 1}\" y=\"{area.Y(bin.Weight)}\" width=\"{area.X(bin.To) - area.X(bin.From) - 2}\" " +
                $"height=\"{area.Y(0) - area.Y(bin.Weight)}\"/>");
        area.DrawColumns(html, _ticks, ValueFormat.WholePercent, "probability of the predicted class");
    }
}
