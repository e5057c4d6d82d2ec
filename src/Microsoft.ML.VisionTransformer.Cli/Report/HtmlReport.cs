// Writes the report of a training or an evaluation as one self-contained HTML file.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class HtmlReport
{
    /// <summary>Writes to a temporary file and renames it, so the file is always complete. Links to photos are relative to its folder.</summary>
    /// <exception cref="ArgumentException">A label is not a class index, a score is not a probability, or a split has the wrong number of counts.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    internal static void Write(string path, ReportContent content)
    {
        string page = Page(content with { Folder = Path.GetDirectoryName(Path.GetFullPath(path)) });
        OutputFile.WriteText(path, writer => writer.Write(page));
    }

    internal static string Page(ReportContent content)
    {
        if (content.Splits.FirstOrDefault(split => split.Counts.Count != content.ClassNames.Count) is { } odd)
        {
            var message = FormattableString.Invariant($"The split {odd.Name} has {odd.Counts.Count} counts, but there are {content.ClassNames.Count} classes.");
            throw new ArgumentException(message, nameof(content));
        }

        return HtmlPage.Of(content.Title, content.Written, ReportSection.All(content, EvaluationResult.Of(content)));
    }
}
