// Renders a notebook as one self-contained HTML page: text, code, outputs and images.
using System.Globalization;
using System.Net;
using System.Text;
using Markdig;
using Microsoft.ML.VisionTransformer.Common;
using NotebookRunner.Model;

namespace NotebookRunner.Rendering;

internal static class NotebookPage
{
    /// <summary>The supported output formats, the preferred first.</summary>
    private static readonly (string Type, Func<string, string> Show)[] _formats =
    [
        ("image/svg+xml", svg => svg),
        ("image/jpeg", jpeg => $"<img src=\"data:image/jpeg;base64,{jpeg}\" alt=\"\">"),
        ("image/png", png => $"<img src=\"data:image/png;base64,{png}\" alt=\"\">"),
        ("text/html", html => html),
        ("text/plain", text => $"<pre>{WebUtility.HtmlEncode(text)}</pre>"),
    ];

    private static readonly MarkdownPipeline _markdown = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers().Build();

    internal static void Write(string path, Notebook notebook) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Html(notebook))));

    internal static string Html(Notebook notebook)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{WebUtility.HtmlEncode(notebook.Name)}</title>
            <link rel="icon" href="data:,">
            <style>
            {Style()}</style>
            </head>
            <body>
            <main>

            """);
        foreach (var cell in notebook.Cells)
            page.Append(cell.Kind == CellKind.Markdown ? Text(cell) : Code(cell)).Append('\n');
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string Text(NotebookCell cell)
    {
        string html = Markdown.ToHtml(cell.Source, _markdown)
            .Replace("<table>", "<div class=\"scroll\"><table>", StringComparison.Ordinal).Replace("</table>", "</table></div>", StringComparison.Ordinal);
        return $"<section class=\"text\">\n{html}</section>";
    }

    private static string Code(NotebookCell cell)
    {
        string code = $"<pre class=\"code\"><code>{CodeColors.Html(cell.Source)}</code></pre>";
        if (cell.Tags.Contains(NotebookCell.Folded))
            code = $"<details><summary>{WebUtility.HtmlEncode(Summary(cell.Source))}</summary>{code}</details>";
        return $"<section class=\"cell\">\n{code}\n{string.Join('\n', cell.Outputs.Select(Output))}</section>";
    }

    /// <summary>The comment on the first line of the code.</summary>
    private static string Summary(string source) => source.Split('\n')[0].TrimStart('/', ' ');

    private static string Output(CellOutput output)
    {
        string html = output switch
        {
            StreamOutput stream => $"<pre>{WebUtility.HtmlEncode(stream.Text.TrimEnd())}</pre>",
            DisplayOutput display => DisplayHtml(display),
            _ => "",
        };
        return $"<div class=\"output scroll\">{html}</div>";
    }

    /// <summary>The text/plain format of an image is its alternative text.</summary>
    private static string DisplayHtml(DisplayOutput display)
    {
        var (type, show) = _formats.First(f => display.Data.ContainsKey(f.Type));
        string html = show(display.Data[type]);
        return type is ("image/jpeg" or "image/png") && display.Data.TryGetValue("text/plain", out string? alt)
            ? html.Replace("alt=\"\"", $"alt=\"{WebUtility.HtmlEncode(alt)}\"", StringComparison.Ordinal)
            : html;
    }

    private static string Style()
    {
        using var stream = typeof(NotebookPage).Assembly.GetManifestResourceStream("page.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
