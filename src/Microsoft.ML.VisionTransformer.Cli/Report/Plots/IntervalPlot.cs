// Draws the accuracy of several models with its confidence intervals.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class IntervalPlot
{
    private const int Width = 360, RowHeight = 42, Top = 8;

    /// <summary>Text of a drawing does not wrap.</summary>
    private const int MaxNameLength = 44;

    private const string Title = "Accuracy with 95% intervals";

    internal static void Draw(HtmlBuilder html, IReadOnlyList<ComparedModel> models)
    {
        var intervals = models.Select(model => WilsonInterval.Of(model.Evaluation.Right, model.Evaluation.Rows.Count)).ToArray();
        double[] ticks = AxisTicks.Enclosing(intervals.Min(i => i.From), intervals.Max(i => i.To), most: 1);
        int bottom = Top + models.Count * RowHeight;
        var area = new PlotArea(20, Top, Width - 20, bottom) { Horizontal = (ticks[0], ticks[^1]), Vertical = (0, models.Count) };
        html.Add($"<figure class=\"plot\"><figcaption>{Title}</figcaption>");
        html.Add($"<svg viewBox=\"0 0 {Width} {bottom + 40}\" role=\"img\" aria-labelledby=\"accuracy-title accuracy-description\">");
        html.Add($"<title id=\"accuracy-title\">{Title}</title><desc id=\"accuracy-description\">The table below has the values.</desc>");
        foreach (double tick in ticks)
            html.Add($"<line class=\"grid\" x1=\"{area.X(tick)}\" y1=\"{Top}\" x2=\"{area.X(tick)}\" y2=\"{bottom}\"/>");
        for (int m = 0; m < models.Count; m++)
        {
            int line = Top + m * RowHeight + 30;
            html.Add($"<text class=\"tick start\" x=\"{area.Left}\" y=\"{line - 12}\">{Short(models[m].Name)}</text>");
            html.Add($"<line class=\"whisker\" x1=\"{area.X(intervals[m].From)}\" y1=\"{line}\" x2=\"{area.X(intervals[m].To)}\" y2=\"{line}\"/>");
            html.Add($"<circle class=\"dot\" cx=\"{area.X(models[m].Evaluation.Accuracy)}\" cy=\"{line}\" r=\"4\"/>");
        }

        area.DrawColumns(html, ticks, ValueFormat.WholePercent, "accuracy");
        html.Add($"</svg></figure>");
    }

    private static string Short(string name) => name.Length <= MaxNameLength ? name : $"{name[..(MaxNameLength - 1)]}…";
}
