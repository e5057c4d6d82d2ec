// Writes the report of a training or an evaluation as one self-contained HTML file.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>
/// Styles and images are embedded and there are no scripts. A content security policy in the head blocks everything else, even if markup were injected.
/// </summary>
internal static class HtmlReport
{
    /// <summary>Writes to a temporary file and renames it, so the file is always complete.</summary>
    /// <exception cref="ArgumentException">A label is not a class index, a score is not a probability, or a split has the wrong number of counts.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    internal static void Write(string path, ReportContent content)
    {
        string page = Page(content);
        OutputFile.WriteText(path, writer => writer.Write(page));
    }

    internal static string Page(ReportContent content)
    {
        if (content.Splits.FirstOrDefault(split => split.Counts.Count != content.ClassNames.Count) is { } odd)
        {
            var message = FormattableString.Invariant($"The split {odd.Name} has {odd.Counts.Count} counts, and there are {content.ClassNames.Count} classes.");
            throw new ArgumentException(message, nameof(content));
        }

        var html = new HtmlBuilder();
        var sections = ReportSection.All(content, EvaluationResult.Of(content));
        html.Add($"<!DOCTYPE html><html lang=\"en\">");
        WriteHead(html, content);
        html.Add($"<body>");
        WriteHeader(html, content, sections);
        html.Add($"<main>");
        foreach (var section in sections)
        {
            html.Add($"<section id=\"{section.Id}\" aria-labelledby=\"{section.Id}-heading\"><h2 id=\"{section.Id}-heading\">{section.Title}</h2>");
            section.Write(html);
            html.Add($"</section>");
        }

        html.Add(
            $"</main><footer><p>Written by mlnet-vit. This file is self-contained: it needs no network and contains no scripts. " +
            $"The images are embedded in it.</p></footer></body></html>");
        return html.Text.ToString();
    }

    private static void WriteHead(HtmlBuilder html, ReportContent content)
    {
        html.Add($"<head><meta charset=\"utf-8\"><title>{content.Title}</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.Add($"<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"generator\" content=\"mlnet-vit\">");
        html.Add(
            $"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; " +
            $"form-action 'none'\">");
        html.Add($"<style>");
        html.Text.Append(ReportStyle.Sheet);
        html.Add($"</style></head>");
    }

    private static void WriteHeader(HtmlBuilder html, ReportContent content, IReadOnlyList<ReportSection> sections)
    {
        html.Add($"<header><h1><bdi>{content.Title}</bdi></h1>");
        if (content.Written is { } written)
        {
            string machineReadable = written.ToString("yyyy-MM-ddTHH:mmK", CultureInfo.InvariantCulture);
            html.Add($"<p class=\"note\"><time datetime=\"{machineReadable}\">{written.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture)}</time></p>");
        }

        html.Add($"<nav aria-label=\"Contents\"><ul>");
        foreach (var section in sections)
            html.Add($"<li><a href=\"#{section.Id}\">{section.Title}</a></li>");
        html.Add($"</ul></nav></header>");
    }
}
