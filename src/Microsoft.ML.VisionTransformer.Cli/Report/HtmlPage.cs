// A self-contained HTML page of sections.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>
/// Styles and images are embedded and there are no scripts. A content security policy in the head blocks everything else, even if markup were injected.
/// </summary>
internal static class HtmlPage
{
    internal static string Of(string title, DateTimeOffset? written, IReadOnlyList<ReportSection> sections)
    {
        var html = new HtmlBuilder();
        html.Add($"<!DOCTYPE html><html lang=\"en\">");
        WriteHead(html, title, sections);
        html.Add($"<body>");
        WriteHeader(html, title, written, sections);
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

    private static void WriteHead(HtmlBuilder html, string title, IReadOnlyList<ReportSection> sections)
    {
        html.Add($"<head><meta charset=\"utf-8\"><title>{title}</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.Add($"<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"generator\" content=\"mlnet-vit\">");
        html.Add(
            $"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; " +
            $"form-action 'none'\">");
        html.Add($"<style>");
        html.Text.Append(ReportStyle.Sheet);
        foreach (var section in sections)
            html.Text.Append(section.Style);
        html.Add($"</style></head>");
    }

    private static void WriteHeader(HtmlBuilder html, string title, DateTimeOffset? written, IReadOnlyList<ReportSection> sections)
    {
        html.Add($"<header><h1><bdi>{title}</bdi></h1>");
        if (written is { } time)
        {
            string machineReadable = time.ToString("yyyy-MM-ddTHH:mmK", CultureInfo.InvariantCulture);
            html.Add($"<p class=\"note\"><time datetime=\"{machineReadable}\">{time.ToString("MMMM d, yyyy, HH:mm", CultureInfo.InvariantCulture)}</time></p>");
        }

        html.Add($"<nav aria-label=\"Contents\"><ul>");
        foreach (var section in sections)
            html.Add($"<li><a href=\"#{section.Id}\">{section.Title}</a></li>");
        html.Add($"</ul></nav></header>");
    }
}
