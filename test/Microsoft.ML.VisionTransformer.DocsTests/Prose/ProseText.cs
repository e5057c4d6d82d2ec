// The prose of a Markdown page: paragraphs, list items, headings and table cells without code and markup, split into sentences.
using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Microsoft.ML.VisionTransformer.DocsTests.Prose;

/// <summary>A sentence, or the whole text of a heading or table cell.</summary>
/// <param name="Line">Line of the page on which its paragraph starts, from 1.</param>
/// <param name="Text">The text; each code span is <see cref="ProseText.Code"/>, each link is its text.</param>
/// <param name="Words">Number of words; a code span counts as one.</param>
/// <param name="IsFull">Whether it belongs to running text. Headings and table cells do not, and do not count for readability.</param>
internal sealed record Sentence(int Line, string Text, int Words, bool IsFull);

internal static partial class ProseText
{
    /// <summary>Stands for a code span.</summary>
    internal const string Code = "\u2022";

    private static readonly MarkdownPipeline _markdown = new MarkdownPipelineBuilder().UsePipeTables().Build();

    /// <summary>All sentences of a page, in order.</summary>
    internal static IReadOnlyList<Sentence> Sentences(string markdown)
    {
        var sentences = new List<Sentence>();
        foreach (var block in Markdown.Parse(markdown, _markdown).Descendants<LeafBlock>().Where(b => b is not (CodeBlock or HtmlBlock) && b.Inline is not null))
        {
            bool isFull = block is not HeadingBlock && block.Parent is not TableCell;
            string text = Whitespace().Replace(Plain(block.Inline!), " ").Trim();
            sentences.AddRange(Split(text).Select(s => new Sentence(block.Line + 1, s, WordCount(s), isFull)));
        }

        return sentences;
    }

    /// <summary>The lines of a page that are running text: not in code, tables, HTML, pictures or link definitions. Each with its number, from 1.</summary>
    internal static IEnumerable<(int Line, string Text)> RunningLines(string markdown)
    {
        string[] lines = markdown.ReplaceLineEndings("\n").Split('\n');
        return Markdown.Parse(markdown, _markdown).Descendants<LeafBlock>()
            .Where(b => b is ParagraphBlock && b.Parent is not TableCell)
            .SelectMany(b => Enumerable.Range(b.Line, markdown[b.Span.Start..(b.Span.End + 1)].Count(c => c == '\n') + 1))
            .Distinct().Where(i => !lines[i].StartsWith("![", StringComparison.Ordinal)).Select(i => (i + 1, lines[i]));
    }

    private static string Plain(ContainerInline container)
    {
        var text = new StringBuilder();
        foreach (var inline in container)
        {
            text.Append(inline switch
            {
                LiteralInline literal => literal.Content.ToString(),
                CodeInline => Code,
                AutolinkInline => Code,
                LineBreakInline => " ",
                HtmlEntityInline entity => entity.Transcoded.ToString(),
                HtmlInline html when html.Tag.StartsWith("<br", StringComparison.OrdinalIgnoreCase) => ". ",
                HtmlInline => " ",
                ContainerInline inner => Plain(inner),
                _ => "",
            });
        }

        return text.ToString();
    }

    /// <summary>A sentence ends at a period, question mark or exclamation mark before white space; abbreviations do not end one.</summary>
    private static IEnumerable<string> Split(string text)
    {
        int start = 0;
        foreach (Match end in SentenceEnd().Matches(text))
        {
            if (Abbreviation().IsMatch(text[start..end.Index] + end.Value[0]))
                continue;
            yield return text[start..(end.Index + 1)].Trim();
            start = end.Index + end.Length;
        }

        if (start < text.Length && text[start..].Trim() is { Length: > 0 } rest)
            yield return rest;
    }

    internal static int WordCount(string text) => Word().Count(text);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();

    [GeneratedRegex(@"[.!?][)""']?\s+")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"(^|\s|\()(e\.g|i\.e|vs|cf|et al|St|No|Fig|approx)\.$")]
    private static partial Regex Abbreviation();

    [GeneratedRegex(@"[\p{L}\p{N}\u2022](?:[\p{L}\p{N}\u2022'’.,\-/]*[\p{L}\p{N}\u2022])?")]
    private static partial Regex Word();
}
