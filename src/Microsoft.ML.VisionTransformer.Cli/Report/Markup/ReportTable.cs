// Tables of the report, with caption and header, in a box that scrolls if the table is wide.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Name">The column header.</param>
/// <param name="IsNumber">Whether the column contains numbers, which are right-aligned.</param>
internal readonly record struct TableColumn(string Name, bool IsNumber = true)
{
    internal static TableColumn Words(string name) => new(name, IsNumber: false);
}

internal static class ReportTable
{
    /// <summary>Number of rows that are visible at first; the others are in a collapsed element.</summary>
    internal const int MaxVisibleRows = 20;

    /// <summary>Writes the first rows, and the others (if any) into a collapsed element.</summary>
    /// <param name="html">The page.</param>
    /// <param name="caption">The table's caption.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="items">The items, one per row.</param>
    /// <param name="writeRow">Writes the cells of a row.</param>
    /// <param name="rest">The plural noun for the items, such as "classes".</param>
    internal static void WriteLong<T>(
        HtmlBuilder html, string caption, IReadOnlyList<TableColumn> columns, IReadOnlyList<T> items, Action<T> writeRow, string rest)
    {
        Write(html, caption, columns, items.Take(MaxVisibleRows), writeRow);
        if (items.Count <= MaxVisibleRows)
            return;
        html.Add($"<details><summary>The other {ValueFormat.Count(items.Count - MaxVisibleRows)} {rest}</summary>");
        Write(html, $"{caption}: the others", columns, items.Skip(MaxVisibleRows), writeRow);
        html.Add($"</details>");
    }

    /// <summary>Writes a table of names and values.</summary>
    internal static void WriteValues(HtmlBuilder html, string caption, IReadOnlyList<ReportValue> values) =>
        Write(html, caption, [TableColumn.Words("Name"), TableColumn.Words("Value")], values, value =>
            html.Add($"<th scope=\"row\"><bdi>{value.Name}</bdi></th><td><bdi>{value.Value}</bdi></td>"));

    internal static void Write<T>(HtmlBuilder html, string caption, IReadOnlyList<TableColumn> columns, IEnumerable<T> items, Action<T> writeRow)
    {
        OpenBox(html, caption);
        html.Add($"<table><caption>{caption}</caption><thead><tr>");
        foreach (var column in columns)
            WriteHeader(html, column);

        html.Add($"</tr></thead><tbody>");
        foreach (var item in items)
        {
            html.Add($"<tr>");
            writeRow(item);
            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }

    internal static void WriteHeader(HtmlBuilder html, TableColumn column)
    {
        if (column.IsNumber)
            html.Add($"<th scope=\"col\" class=\"number\">{column.Name}</th>");
        else
            html.Add($"<th scope=\"col\">{column.Name}</th>");
    }

    /// <summary>Opens a scrollable box that keyboard users can focus and screen readers announce by name.</summary>
    internal static void OpenBox(HtmlBuilder html, string name) => html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">");
}
