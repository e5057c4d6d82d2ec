// A table of the report: captioned, headed, and in a box of its own that scrolls where the table is wide.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ReportTable
{
    /// <summary>Rows that are shown at once; the others are behind a line to click on.</summary>
    internal const int MostRowsShown = 20;

    /// <summary>Writes the first rows, and the others (if any) into a part that is closed at first.</summary>
    /// <param name="html">The page.</param>
    /// <param name="caption">What the table shows.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="items">What the rows are about.</param>
    /// <param name="writeRow">Writes a row's cells.</param>
    /// <param name="rest">What the rows are called: "classes".</param>
    internal static void WriteLong<T>(
        HtmlBuilder html, string caption, IReadOnlyList<TableColumn> columns, IReadOnlyList<T> items, Action<T> writeRow, string rest)
    {
        Write(html, caption, columns, items.Take(MostRowsShown), writeRow);
        if (items.Count <= MostRowsShown)
            return;
        html.Add($"<details><summary>The other {Figure.Count(items.Count - MostRowsShown)} {rest}</summary>");
        Write(html, $"{caption}: the others", columns, items.Skip(MostRowsShown), writeRow);
        html.Add($"</details>");
    }

    internal static void Write<T>(HtmlBuilder html, string caption, IReadOnlyList<TableColumn> columns, IEnumerable<T> items, Action<T> writeRow)
    {
        OpenBox(html, caption);
        html.Add($"<table><caption>{caption}</caption><thead><tr>");
        foreach (var column in columns)
        {
            if (column.IsNumber)
                html.Add($"<th scope=\"col\" class=\"number\">{column.Name}</th>");
            else
                html.Add($"<th scope=\"col\">{column.Name}</th>");
        }

        html.Add($"</tr></thead><tbody>");
        foreach (var item in items)
        {
            html.Add($"<tr>");
            writeRow(item);
            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }

    /// <summary>A box can be scrolled by the keyboard alone, and a screen reader says what is in it.</summary>
    internal static void OpenBox(HtmlBuilder html, string name) => html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">");
}
