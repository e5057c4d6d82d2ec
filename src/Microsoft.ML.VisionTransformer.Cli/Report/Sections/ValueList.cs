// A table of names and values.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ValueList
{
    internal static void Write(HtmlBuilder html, string caption, IReadOnlyList<ReportValue> values)
    {
        ReportTable.Write(html, caption, [TableColumn.Words("Name"), TableColumn.Words("Value")], values, value =>
        {
            html.Add($"<th scope=\"row\"><bdi>{value.Name}</bdi></th><td><bdi>{value.Value}</bdi></td>");
        });
    }
}
