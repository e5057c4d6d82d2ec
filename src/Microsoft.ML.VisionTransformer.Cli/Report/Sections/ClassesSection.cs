// Precision, recall and F1 of each class.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ClassesSection
{
    private static readonly TableColumn[] _columns = [TableColumn.Words("Class"), new("Precision"), new("Recall"), new("F1"), new("Images")];

    internal static void Write(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        html.Add(
            $"<p>Precision: of the images given the class, the share that are of it. Recall: of the images of the class, the share given it. The " +
            $"weakest classes come first.</p>");
        ClassFigures[] weakestFirst = [.. evaluation.Classes.OrderBy(c => c.F1 ?? 2)];    // those without any figure last
        ReportTable.WriteLong(html, "Figures of each class", _columns, weakestFirst, figures => WriteRow(html, content, figures), "classes");
    }

    private static void WriteRow(HtmlBuilder html, ReportContent content, ClassFigures figures)
    {
        html.Add($"<th scope=\"row\"><bdi>{content.ClassNames[figures.Index]}</bdi></th>");
        foreach (double? fraction in (double?[])[figures.Precision, figures.Recall, figures.F1])
            html.Add($"<td class=\"number meter\" style=\"--share:{fraction ?? 0}\">{Figure.Percent(fraction)}</td>");
        html.Add($"<td class=\"number\">{Figure.Count(figures.Support)}</td>");
    }
}
