// Functions that a notebook's code may call in addition to its packages, with the names that .NET Interactive uses.
using System.Text.RegularExpressions;

namespace NotebookRunner.Running;

/// <summary>Public because the compiled cells call it.</summary>
public sealed partial class CellHost
{
    private readonly OutputRecord _record;

    internal CellHost(OutputRecord record) => _record = record;

    /// <summary>Text to display as HTML.</summary>
    public sealed record Markup(string Html);

#pragma warning disable CA1822, IDE1006 // .NET Interactive has instance members with these names.
    public Markup HTML(string html) => new(html);

    /// <summary>Displays HTML. A single PNG or SVG is output as an image, because some viewers show images but no HTML.</summary>
    public void display(Markup markup)
    {
        ArgumentNullException.ThrowIfNull(markup);
        string html = markup.Html.Trim();
        if (OnePng().Match(html) is { Success: true } png)
            _record.Display(("image/png", png.Groups["data"].Value), ("text/plain", png.Groups["alt"].Value));
        else if (html.StartsWith("<svg ", StringComparison.Ordinal) && html.IndexOf("</svg>", StringComparison.Ordinal) == html.Length - "</svg>".Length)
            _record.Display(("image/svg+xml", html));
        else
            _record.Display(("text/html", html));
    }
#pragma warning restore CA1822, IDE1006

    [GeneratedRegex("^<img alt='(?<alt>[^']*)' src='data:image/png;base64,(?<data>[^']*)'>$")]
    private static partial Regex OnePng();
}
