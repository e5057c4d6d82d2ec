// Confused classes: a matrix, or a list of pairs if there are many classes.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ConfusionSection
{
    /// <summary>A larger matrix is too hard to read.</summary>
    internal const int MaxMatrixClasses = 20;

    /// <summary>Pairs further down typically occurred once.</summary>
    internal const int MaxPairs = 100;

    /// <summary>All pairs of the largest matrix; the list of mistakes can be filtered by them.</summary>
    internal const int MaxFilteredPairs = MaxMatrixClasses * (MaxMatrixClasses - 1);

    private static readonly TableColumn[] _pairColumns =
        [TableColumn.Words("Class"), TableColumn.Words("Predicted as"), new("Images"), new("Fraction of class")];

    internal static string TitleFor(int classes) => classes <= MaxMatrixClasses ? "Confusion matrix" : "Most confused pairs";

    internal static void Write(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        bool linked = MistakesSection.FilterOf(content, evaluation).IsUseful;
        if (content.ClassNames.Count <= MaxMatrixClasses)
            WriteMatrix(html, content.ClassNames, evaluation.Confusion, linked);
        else
            WritePairs(html, content.ClassNames, evaluation.Confusion, linked);
    }

    private static void WriteMatrix(HtmlBuilder html, IReadOnlyList<string> names, ConfusionCounts counts, bool linked)
    {
        const string Caption = "Number of images by true and predicted class";
        html.Add(
            $"<p>Rows are true classes, columns are predicted classes; correct predictions are on the diagonal. The stronger the color, " +
            $"the larger the fraction of the row.{(linked ? " Click a number to see the images of that pair." : "")}</p>");
        ReportTable.OpenBox(html, Caption);
        html.Add($"<table class=\"matrix\"><caption>{Caption}</caption><thead><tr><td>predicted →<br>true ↓</td>");
        foreach (string name in names)
            html.Add($"<th scope=\"col\"><bdi>{name}</bdi></th>");
        html.Add($"</tr></thead><tbody>");
        for (int row = 0; row < names.Count; row++)
        {
            html.Add($"<tr><th scope=\"row\"><bdi>{names[row]}</bdi></th>");
            for (int column = 0; column < names.Count; column++)
            {
                if (linked && row != column && counts[row, column] > 0)
                    WriteLinkedCell(html, names, new ConfusedPair(row, column, counts[row, column]), counts.OfTrue(row));
                else
                    WriteCell(html, counts[row, column], counts.OfTrue(row), row == column);
            }

            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }

    private static void WriteCell(HtmlBuilder html, int count, int ofClass, bool right)
    {
        if (count == 0)
            html.Add($"<td class=\"none\">0</td>");
        else
            html.Add($"<td class=\"{(right ? "right" : "wrong")}\" style=\"--fraction:{count / (double)ofClass}\">{ValueFormat.Count(count)}</td>");
    }

    private static void WriteLinkedCell(HtmlBuilder html, IReadOnlyList<string> names, ConfusedPair pair, int ofClass)
    {
        html.Add($"<td class=\"wrong\" style=\"--fraction:{pair.Count / (double)ofClass}\">");
        WriteLink(html, names, pair);
        html.Add($"</td>");
    }

    /// <summary>A count that shows the mistakes of its pair.</summary>
    private static void WriteLink(HtmlBuilder html, IReadOnlyList<string> names, ConfusedPair pair) => html.Add(
        $"<a href=\"#{MistakesSection.KeyOf(pair.True, pair.Predicted)}\" aria-label=\"{ValueFormat.Images(pair.Count)} of {names[pair.True]} " +
        $"predicted as {names[pair.Predicted]}\">{ValueFormat.Count(pair.Count)}</a>");

    private static void WritePairs(HtmlBuilder html, IReadOnlyList<string> names, ConfusionCounts counts, bool linked)
    {
        var pairs = counts.Pairs();
        if (pairs.Count == 0)
        {
            html.Add($"<p>No images were misclassified.</p>");
            return;
        }

        html.Add(
            $"<p>{ValueFormat.Count(names.Count)} classes are too many to show as a matrix. These pairs are confused most " +
            $"often{(pairs.Count > MaxPairs ? $"; {ValueFormat.Count(pairs.Count - MaxPairs)} more pairs are not shown" : "")}.</p>");
        ReportTable.WriteLong(html, "Most confused pairs", _pairColumns, [.. pairs.Take(MaxPairs)], pair =>
        {
            html.Add($"<th scope=\"row\"><bdi>{names[pair.True]}</bdi></th><td><bdi>{names[pair.Predicted]}</bdi></td>");
            html.Add($"<td class=\"number\">");
            if (linked)
                WriteLink(html, names, pair);
            else
                html.Add($"{ValueFormat.Count(pair.Count)}");
            html.Add($"</td><td class=\"number\">{ValueFormat.Percent(pair.Count / (double)counts.OfTrue(pair.True))}</td>");
        }, "pairs");
    }
}
