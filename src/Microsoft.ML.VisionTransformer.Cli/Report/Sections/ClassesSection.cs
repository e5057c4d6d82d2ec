// Precision, recall and F1 of each class.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ClassesSection
{
    private static readonly TableColumn[] _columns = [TableColumn.Words("Class"), new("Precision"), new("Recall"), new("F1"), new("Images")];

    internal static void Write(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        html.Add(
            $"<p>Precision: of the images predicted as the class, the fraction that belong to it. Recall: of the images of the class, the fraction that were predicted as it. The " +
            $"weakest classes come first.</p>");
        ClassMetrics[] weakestFirst = [.. evaluation.Classes.OrderBy(c => c.F1 ?? 2)];    // those without F1 last
        ReportTable.WriteLong(html, "Metrics of each class", _columns, weakestFirst, metrics => WriteRow(html, content, metrics), "classes");
    }

    private static void WriteRow(HtmlBuilder html, ReportContent content, ClassMetrics metrics)
    {
        html.Add($"<th scope=\"row\"><bdi>{content.ClassNames[metrics.Index]}</bdi></th>");
        foreach (double? fraction in (double?[])[metrics.Precision, metrics.Recall, metrics.F1])
            html.Add($"<td class=\"number meter\" style=\"--fraction:{fraction ?? 0}\">{ValueFormat.Percent(fraction)}</td>");
        html.Add($"<td class=\"number\">{ValueFormat.Count(metrics.Support)}</td>");
    }
}
