// Draws figures over the epochs of a training.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal sealed record LinePlot
{
    private const int Width = 360, Height = 250;

    /// <summary>With more epochs the marks of the single ones would run into each other.</summary>
    private const int MostMarks = 40;

    /// <summary>Part of the element ids, which must differ between the plots of a page.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    /// <summary>What the plot shows, for those who do not see it.</summary>
    public required string Description { get; init; }

    public required IReadOnlyList<LineSeries> Series { get; init; }

    /// <summary>Values of the vertical axis, from the lowest.</summary>
    public required IReadOnlyList<double> Ticks { get; init; }

    public required Func<double, string> Format { get; init; }

    /// <summary>An epoch to mark; null marks none.</summary>
    public int? BestEpoch { get; init; }

    internal void Draw(HtmlBuilder html)
    {
        html.Add($"<figure class=\"plot\"><figcaption>{Title}</figcaption>");
        DrawLegend(html);
        html.Add($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-labelledby=\"{Id}-title {Id}-description\">");
        html.Add($"<title id=\"{Id}-title\">{Title}</title><desc id=\"{Id}-description\">{Description}</desc>");
        var epochs = Series.SelectMany(series => series.Points).Select(point => point.Epoch).ToArray();
        var (first, last) = (epochs.Min(), epochs.Max());
        var area = new PlotArea(46, 22, Width - 12, Height - 42) { Horizontal = (first, Math.Max(last, first + 1)), Vertical = (Ticks[0], Ticks[^1]) };
        area.DrawRows(html, Ticks, Format);
        area.DrawColumns(html, AxisTicks.Whole(first, last).Select(tick => (double)tick), tick => Figure.Count((int)tick), "epoch");
        DrawBest(html, area);
        foreach (var series in Series)
            DrawLine(html, area, series);
        html.Add($"</svg></figure>");
    }

    private void DrawLegend(HtmlBuilder html)
    {
        html.Add($"<p class=\"legend\" aria-hidden=\"true\">");
        foreach (var series in Series)
            html.Add(
                $"<span><svg viewBox=\"0 0 28 8\" class=\"sample\"><line class=\"line {series.Style}\" x1=\"1\" y1=\"4\" x2=\"27\" y2=\"4\"/>" +
                $"</svg>{series.Name}</span>");
        html.Add($"</p>");
    }

    /// <summary>The word stands on the side where there is room.</summary>
    private void DrawBest(HtmlBuilder html, PlotArea area)
    {
        if (BestEpoch is not { } best || best < area.Horizontal.From || best > area.Horizontal.To)
            return;
        bool atRight = area.X(best) > (area.Left + area.Right) / 2;
        html.Add($"<line class=\"best\" x1=\"{area.X(best)}\" y1=\"{area.Top - 14}\" x2=\"{area.X(best)}\" y2=\"{area.Bottom}\"/>");
        html.Add(
            $"<text class=\"tick {(atRight ? "end" : "start")}\" x=\"{area.X(best) + (atRight ? -5 : 5)}\" y=\"{area.Top - 6}\">best: epoch " +
            $"{best}</text>");
    }

    private static void DrawLine(HtmlBuilder html, PlotArea area, LineSeries series)
    {
        html.Add($"<polyline class=\"line {series.Style}\" points=\"");
        foreach (var (epoch, value) in series.Points)
            html.Add($"{area.X(epoch)},{area.Y(value)}");
        html.Add($"\"/>");
        if (series.Points.Count > MostMarks)
            return;
        foreach (var (epoch, value) in series.Points)
            html.Add($"<circle class=\"mark {series.Style}\" cx=\"{area.X(epoch)}\" cy=\"{area.Y(value)}\" r=\"2.5\"/>");
    }
}
