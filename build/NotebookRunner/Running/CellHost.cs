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

    /// <summary>Displays HTML. A single JPEG, PNG or SVG is output as an image, because some viewers show images but no HTML.</summary>
    public void display(Markup markup)
    {
        ArgumentNullException.ThrowIfNull(markup);
        string html = markup.Html.Trim();
        if (OneImage().Match(html) is { Success: true } image)
            _record.Display((image.Groups["type"].Value, image.Groups["data"].Value), ("text/plain", image.Groups["alt"].Value));
        else if (html.StartsWith("<svg ", StringComparison.Ordinal) && html.IndexOf("</svg>", StringComparison.Ordinal) == html.Length - "</svg>".Length)
            _record.Display(("image/svg+xml", html));
        else
            _record.Display(("text/html", html));
    }
#pragma warning restore CA1822, IDE1006

    [GeneratedRegex("^<img alt='(?<alt>[^']*)' src='data:(?<type>image/(?:jpeg|png));base64,(?<data>[^']*)'>$")]
    private static partial Regex OneImage();
}
