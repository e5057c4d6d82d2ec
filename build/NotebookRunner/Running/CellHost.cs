// What a notebook's code may call beside its packages; a kernel has functions of the same names.
using System.Text.RegularExpressions;

namespace NotebookRunner.Running;

/// <summary>Public because the compiled cells call it.</summary>
public sealed partial class CellHost
{
    private readonly OutputRecord _record;

    internal CellHost(OutputRecord record) => _record = record;

    /// <summary>Text that is HTML and not to be shown as text.</summary>
    public sealed record Markup(string Html);

#pragma warning disable CA1822, IDE1006 // The names and the kinds of members that .NET Interactive has.
    public Markup HTML(string html) => new(html);

    /// <summary>Puts HTML out. What is one PNG or one SVG and nothing else is put out as such: there are viewers that show pictures but no HTML.</summary>
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
