// Shows a notebook as one HTML page that needs nothing else: text, code, outputs and pictures.
using System.Globalization;
using System.Net;
using System.Text;
using Markdig;
using Microsoft.ML.VisionTransformer.Common;
using NotebookRunner.Model;

namespace NotebookRunner.Rendering;

internal static class NotebookPage
{
    /// <summary>What can be shown, the best form first.</summary>
    private static readonly (string Type, Func<string, string> Show)[] _forms =
    [
        ("image/svg+xml", svg => svg),
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
        string code = $"<pre class=\"code\"><code>{CodeColours.Html(cell.Source)}</code></pre>";
        if (cell.Tags.Contains(NotebookCell.Folded))
            code = $"<details><summary>{WebUtility.HtmlEncode(Summary(cell.Source))}</summary>{code}</details>";
        return $"<section class=\"cell\">\n{code}\n{string.Join('\n', cell.Outputs.Select(Output))}</section>";
    }

    /// <summary>The comment that the code opens with.</summary>
    private static string Summary(string source) => source.Split('\n')[0].TrimStart('/', ' ');

    private static string Output(CellOutput output)
    {
        string html = output switch
        {
            StreamOutput stream => $"<pre>{WebUtility.HtmlEncode(stream.Text.TrimEnd())}</pre>",
            DisplayOutput display => _forms.Where(f => display.Data.ContainsKey(f.Type)).Select(f => Shown(f.Type, f.Show(display.Data[f.Type]), display)).First(),
            _ => "",
        };
        return $"<div class=\"output scroll\">{html}</div>";
    }

    /// <summary>A picture's other form is its description.</summary>
    private static string Shown(string type, string html, DisplayOutput display) =>
        type == "image/png" && display.Data.TryGetValue("text/plain", out string? alt) ? html.Replace("alt=\"\"", $"alt=\"{WebUtility.HtmlEncode(alt)}\"", StringComparison.Ordinal) : html;

    private static string Style()
    {
        using var stream = typeof(NotebookPage).Assembly.GetManifestResourceStream("page.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
