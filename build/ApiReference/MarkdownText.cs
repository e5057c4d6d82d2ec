// XML documentation as Markdown.
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Microsoft.ML.VisionTransformer.ApiReference;

/// <param name="link">The Markdown of a reference, by its documentation id.</param>
internal sealed partial class MarkdownText(Func<string, string> link)
{
    /// <summary>Paragraphs, lists and tables, with an empty line between them.</summary>
    internal string Blocks(XElement element)
    {
        var blocks = new List<string>();
        var text = new StringBuilder();
        foreach (var node in element.Nodes())
        {
            if (node is XElement { Name.LocalName: "para" or "list" or "code" or "format" } block)
            {
                blocks.Add(Tidy(text.ToString()));
                text.Clear();
                blocks.Add(Block(block));
            }
            else
            {
                text.Append(Inline(node));
            }
        }

        blocks.Add(Tidy(text.ToString()));
        return string.Join("\n\n", blocks.Where(b => b.Length > 0));
    }

    /// <summary>One line, for a table or a list.</summary>
    internal string Line(XElement element) => Blocks(element).ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);

    /// <summary>The first sentence of a text, on one line.</summary>
    internal string FirstSentence(XElement element) => SentenceEnd().Match(Line(element)) is { Success: true } found ? found.Value : Line(element);

    /// <summary>The Markdown of a documentation id.</summary>
    internal string Reference(string id) => link(id);

    private string Block(XElement block) => block.Name.LocalName switch
    {
        "code" => $"```csharp\n{Code(block.Value)}\n```",
        "format" => Xref().Replace(string.Join('\n', block.Value.Trim().Split('\n').Select(l => l.TrimStart())), "$1"),
        "list" => string.Join('\n', block.Elements("item").Select(i => "- " + Item(i))),
        _ => Blocks(block),
    };

    private string Item(XElement item) =>
        item.Element("term") is { } term ? $"{Line(term)}: {(item.Element("description") is { } description ? Line(description) : "")}" : Line(item);

    private string Inline(XNode node) => node switch
    {
        XText text => ArXiv().Replace(Escape(text.Value), "[arXiv:$1](https://arxiv.org/abs/$1)"),
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "paramref" or "typeparamref" } name => $"`{(string?)name.Attribute("name")}`",
        XElement { Name.LocalName: "see" or "seealso" } see => See(see),
        XElement other => string.Concat(other.Nodes().Select(Inline)),
        _ => "",
    };

    /// <summary>Lines without the indentation that they share, and without empty lines around them.</summary>
    private static string Code(string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Trim('\n').Split('\n').Select(l => l.TrimEnd()).ToArray();
        int indentation = lines.Where(l => l.Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length > 0 ? l[indentation..] : l)).Trim('\n');
    }

    private string See(XElement see) =>
        (string?)see.Attribute("cref") is { } cref ? link(cref)
        : (string?)see.Attribute("href") is { } address ? $"[{(see.IsEmpty ? address : see.Value)}]({address})"
        : $"`{(string?)see.Attribute("langword")}`";

    private static string Escape(string text) => text.Replace("<", "&lt;", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);

    private static string Tidy(string text) => Blank().Replace(text, " ").Trim();

    [GeneratedRegex(@"^.*?\.(?= |$)")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    [GeneratedRegex(@"arXiv:(\d{4}\.\d{4,5})")]
    private static partial Regex ArXiv();

    [GeneratedRegex(@"\[([^\]]+)\]\(xref:[^)]+\)")]
    private static partial Regex Xref();
}
