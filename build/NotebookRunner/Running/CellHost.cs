// Functions that a notebook's code may call in addition to its packages, with the names that .NET Interactive uses.
using NotebookRunner.Model;

namespace NotebookRunner.Running;

/// <summary>Public because the compiled cells call it.</summary>
public sealed class CellHost
{
    private readonly OutputRecord _record;

    internal CellHost(OutputRecord record) => _record = record;

    /// <summary>Text to display as HTML.</summary>
    public sealed record Markup(string Html);

#pragma warning disable CA1822, IDE1006 // .NET Interactive has instance members with these names.
    public Markup HTML(string html) => new(html);

    public void display(Markup markup)
    {
        ArgumentNullException.ThrowIfNull(markup);
        _record.Display(DisplayedHtml.Formats(markup.Html));
    }
#pragma warning restore CA1822, IDE1006
}
