// Collects markup whose every hole is escaped.
using System.Runtime.CompilerServices;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>
/// <c>html.Add($"&lt;b&gt;{name}&lt;/b&gt;")</c>: what is written in the source is markup, what comes from values is text. There is no way to add a value
/// as markup, so that no name of a file or a class can become a part of the page.
/// </summary>
internal sealed class HtmlBuilder
{
    internal StringBuilder Text { get; } = new();

    /// <summary>Adds a line; its values were written by <see cref="HtmlHoles"/> on the way here.</summary>
    internal void Add([InterpolatedStringHandlerArgument("")] HtmlHoles markup)
    {
        _ = markup;
        Text.Append('\n');
    }
}
