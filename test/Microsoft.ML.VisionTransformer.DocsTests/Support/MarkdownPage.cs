// What tests look for in a Markdown page: blocks of code, links, headings.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.ApiReference;

namespace Microsoft.ML.VisionTransformer.DocsTests.Support;

/// <summary>A fenced block.</summary>
/// <param name="Line">Of the page, from 1, at which its code begins.</param>
/// <param name="Info">What stands behind the fence: "csharp".</param>
/// <param name="Code">The lines between the fences.</param>
internal sealed record FencedBlock(int Line, string Info, string Code);

internal sealed partial class MarkdownPage
{
    private readonly List<FencedBlock> _blocks = [];
    private readonly List<(int Line, string Target)> _links = [];
    private readonly HashSet<string> _anchors = new(StringComparer.Ordinal);

    private MarkdownPage(string path) => Path = path;

    internal string Path { get; }

    internal IReadOnlyList<FencedBlock> Blocks => _blocks;

    /// <summary>Targets of links and pictures, as they are written.</summary>
    internal IReadOnlyList<(int Line, string Target)> Links => _links;

    internal IReadOnlySet<string> Anchors => _anchors;

    internal static MarkdownPage Read(string path)
    {
        var page = new MarkdownPage(path);
        string[] lines = File.ReadAllLines(path);
        var anchors = new HeadingAnchors();
        for (int i = 0; i < lines.Length; i++)
        {
            if (Fence().Match(lines[i]) is { Success: true } fence)
            {
                int first = i + 1;
                while (++i < lines.Length && lines[i].Trim() != fence.Groups[1].Value)
                {
                }

                page._blocks.Add(new FencedBlock(first + 1, fence.Groups[2].Value.Trim(), string.Join('\n', lines[first..i])));
                continue;
            }

            if (Heading().Match(lines[i]) is { Success: true } heading)
                page._anchors.Add(anchors.Next(heading.Groups[1].Value));
            string text = InlineCode().Replace(lines[i], "code");
            page._links.AddRange(Target().Matches(text).Select(m => (i + 1, m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value)));
        }

        return page;
    }

    [GeneratedRegex(@"^ {0,3}(```+)(.*)$")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^#{1,6} +(.+?) *#*$")]
    private static partial Regex Heading();

    [GeneratedRegex("`[^`]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\]\(\s*<?([^)\s>]+)>?(?:\s+""[^""]*"")?\s*\)|(?:src|href)=""([^""]+)""")]
    private static partial Regex Target();
}
