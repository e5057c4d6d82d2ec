// The number of images of each class, and the skipped files.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class DataSection
{
    /// <summary>Limits the size of the page for data sets with very many corrupt files.</summary>
    internal const int MaxSkippedFiles = 1000;

    internal static void Write(HtmlBuilder html, ReportContent content)
    {
        if (content.Splits.Count > 0)
            WriteCounts(html, content);
        if (content.Skipped.Count > 0)
            WriteSkipped(html, content.Skipped);
        else
            html.Add($"<p>No file was skipped.</p>");
    }

    private static void WriteCounts(HtmlBuilder html, ReportContent content)
    {
        TableColumn[] columns = [TableColumn.Words("Class"), .. content.Splits.Select(split => new TableColumn(split.Name))];
        int[] classes = [.. Enumerable.Range(-1, content.ClassNames.Count + 1)];    // -1: all of them
        ReportTable.WriteLong(html, "Images of each class", columns, classes, index =>
        {
            html.Add($"<th scope=\"row\"><bdi>{(index < 0 ? "All classes" : content.ClassNames[index])}</bdi></th>");
            foreach (var split in content.Splits)
                html.Add($"<td class=\"number\">{ValueFormat.Count(index < 0 ? split.Counts.Sum() : split.Counts[index])}</td>");
        }, "classes");
    }

    private static void WriteSkipped(HtmlBuilder html, IReadOnlyList<SkippedFile> skipped)
    {
        html.Add($"<h3>Skipped files</h3>");
        html.Add(
            $"<p>{(skipped.Count == 1 ? "One file was" : $"{ValueFormat.Count(skipped.Count)} files were")} left " +
            $"out{(skipped.Count > MaxSkippedFiles ? $"; the first {ValueFormat.Count(MaxSkippedFiles)} are listed" : "")}.</p>");
        ReportTable.WriteLong(html, "Skipped files", [TableColumn.Words("File"), TableColumn.Words("Why")], [.. skipped.Take(MaxSkippedFiles)], file =>
        {
            html.Add($"<th scope=\"row\"><bdi>{file.Name}</bdi></th><td><bdi>{file.Reason}</bdi></td>");
        }, "files");
    }
}
