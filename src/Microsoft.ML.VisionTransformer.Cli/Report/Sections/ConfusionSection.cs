// Which classes are taken for which: a matrix, or a list of pairs where there are many classes.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ConfusionSection
{
    /// <summary>A larger matrix is no longer read, but searched.</summary>
    internal const int MostClassesInMatrix = 20;

    /// <summary>Far down the list everything happened once.</summary>
    internal const int MostPairs = 100;

    private static readonly TableColumn[] _pairColumns =
        [TableColumn.Words("Class"), TableColumn.Words("Taken for"), new("Images"), new("Share of class")];

    internal static string TitleFor(int classes) => classes <= MostClassesInMatrix ? "Confusion matrix" : "Most confused pairs";

    internal static void Write(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        if (content.ClassNames.Count <= MostClassesInMatrix)
            WriteMatrix(html, content.ClassNames, evaluation.Confusion);
        else
            WritePairs(html, content.ClassNames, evaluation.Confusion);
    }

    private static void WriteMatrix(HtmlBuilder html, IReadOnlyList<string> names, ConfusionCounts counts)
    {
        const string Caption = "Numbers of images by class";
        html.Add(
            $"<p>A row holds the images of a class, a column those that were given it; right answers are on the diagonal. The stronger a colour, " +
            $"the larger the share of the row.</p>");
        ReportTable.OpenBox(html, Caption);
        html.Add($"<table class=\"matrix\"><caption>{Caption}</caption><thead><tr><td>predicted →<br>true ↓</td>");
        foreach (string name in names)
            html.Add($"<th scope=\"col\"><bdi>{name}</bdi></th>");
        html.Add($"</tr></thead><tbody>");
        for (int row = 0; row < names.Count; row++)
        {
            html.Add($"<tr><th scope=\"row\"><bdi>{names[row]}</bdi></th>");
            for (int column = 0; column < names.Count; column++)
                WriteCell(html, counts[row, column], counts.OfTrue(row), row == column);
            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }

    private static void WriteCell(HtmlBuilder html, int count, int ofClass, bool right)
    {
        if (count == 0)
            html.Add($"<td class=\"none\">0</td>");
        else
            html.Add($"<td class=\"{(right ? "right" : "wrong")}\" style=\"--share:{count / (double)ofClass}\">{Figure.Count(count)}</td>");
    }

    private static void WritePairs(HtmlBuilder html, IReadOnlyList<string> names, ConfusionCounts counts)
    {
        var pairs = counts.Pairs();
        if (pairs.Count == 0)
        {
            html.Add($"<p>No image was given a wrong class.</p>");
            return;
        }

        html.Add(
            $"<p>{Figure.Count(names.Count)} classes are too many for a matrix to be read. These pairs are mixed up most " +
            $"often{(pairs.Count > MostPairs ? $"; {Figure.Count(pairs.Count - MostPairs)} more pairs follow that are not shown" : "")}.</p>");
        ReportTable.WriteLong(html, "Most confused pairs", _pairColumns, [.. pairs.Take(MostPairs)], pair =>
        {
            html.Add($"<th scope=\"row\"><bdi>{names[pair.True]}</bdi></th><td><bdi>{names[pair.Predicted]}</bdi></td>");
            html.Add(
                $"<td class=\"number\">{Figure.Count(pair.Count)}</td><td " +
                $"class=\"number\">{Figure.Percent(pair.Count / (double)counts.OfTrue(pair.True))}</td>");
        }, "pairs");
    }
}
