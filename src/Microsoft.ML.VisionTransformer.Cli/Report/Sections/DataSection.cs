// How many images of each class there were, and what was left out.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class DataSection
{
    /// <summary>A data set of which more is broken is a matter for another list.</summary>
    internal const int MostSkippedFiles = 1000;

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
                html.Add($"<td class=\"number\">{Figure.Count(index < 0 ? split.Counts.Sum() : split.Counts[index])}</td>");
        }, "classes");
    }

    private static void WriteSkipped(HtmlBuilder html, IReadOnlyList<SkippedFile> skipped)
    {
        html.Add($"<h3>Skipped files</h3>");
        html.Add(
            $"<p>{(skipped.Count == 1 ? "One file was" : $"{Figure.Count(skipped.Count)} files were")} left " +
            $"out{(skipped.Count > MostSkippedFiles ? $"; the first {Figure.Count(MostSkippedFiles)} are listed" : "")}.</p>");
        ReportTable.WriteLong(html, "Skipped files", [TableColumn.Words("File"), TableColumn.Words("Why")], [.. skipped.Take(MostSkippedFiles)], file =>
        {
            html.Add($"<th scope=\"row\"><bdi>{file.Name}</bdi></th><td><bdi>{file.Reason}</bdi></td>");
        }, "files");
    }
}
