// Draws line plots of metrics over epochs or numbers of images.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal sealed record LinePlot
{
    private const int Width = 360, Height = 250;

    /// <summary>With more epochs, the marks of individual epochs would overlap.</summary>
    private const int MaxMarks = 40;

    /// <summary>Prefix of the element ids, unique among the plots of a page.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    /// <summary>Text alternative of the plot, for screen readers.</summary>
    public required string Description { get; init; }

    public required IReadOnlyList<LineSeries> Series { get; init; }

    /// <summary>Ticks of the vertical axis, in ascending order.</summary>
    public required IReadOnlyList<double> Ticks { get; init; }

    public required Func<double, string> Format { get; init; }

    /// <summary>Title of the horizontal axis.</summary>
    public string Axis { get; init; } = "epoch";

    /// <summary>The epoch to mark; null marks none.</summary>
    public int? BestEpoch { get; init; }

    internal void Draw(HtmlBuilder html)
    {
        html.Add($"<figure class=\"plot\"><figcaption>{Title}</figcaption>");
        DrawLegend(html);
        html.Add($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-labelledby=\"{Id}-title {Id}-description\">");
        html.Add($"<title id=\"{Id}-title\">{Title}</title><desc id=\"{Id}-description\">{Description}</desc>");
        var values = Series.SelectMany(series => series.Points).Select(point => point.X).ToArray();
        var (first, last) = (values.Min(), values.Max());
        var area = new PlotArea(46, 22, Width - 12, Height - 42) { Horizontal = (first, Math.Max(last, first + 1)), Vertical = (Ticks[0], Ticks[^1]) };
        area.DrawRows(html, Ticks, Format);
        area.DrawColumns(html, AxisTicks.Whole(first, last).Select(tick => (double)tick), tick => ValueFormat.Count((int)tick), Axis);
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

    /// <summary>The label is on the side of the line that has more space.</summary>
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
        foreach (var (x, value) in series.Points)
            html.Add($"{area.X(x)},{area.Y(value)}");
        html.Add($"\"/>");
        if (series.Points.Count > MaxMarks)
            return;
        foreach (var (x, value) in series.Points)
            html.Add($"<circle class=\"mark {series.Style}\" cx=\"{area.X(x)}\" cy=\"{area.Y(value)}\" r=\"2.5\"/>");
    }
}

/// <summary>A line of a plot.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="Style">Its class in the style sheet, which sets color and dashes.</param>
/// <param name="Points">Epochs or numbers of images, and values.</param>
internal sealed record LineSeries(string Name, string Style, IReadOnlyList<(int X, double Value)> Points)
{
    /// <summary>Epochs without a finite value are omitted.</summary>
    internal static LineSeries Of(string name, string style, IEnumerable<ReportEpoch> epochs, Func<ReportEpoch, double?> value) =>
        new(name, style, [.. epochs.Where(e => value(e) is { } v && double.IsFinite(v)).Select(e => (e.Epoch, value(e)!.Value))]);
}
