// The words that the pages do not use, each with what to write instead.
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.DocsTests.Prose;

/// <summary>One line of <c>words.txt</c>: a regular expression for whole words, and the advice.</summary>
internal sealed class WordRule
{
    private readonly Regex _pattern;

    private WordRule(string words, string advice)
    {
        Words = words;
        Advice = advice;
        _pattern = new Regex($@"(?<![\p{{L}}\p{{N}}_-])(?:{words})(?![\p{{L}}\p{{N}}_])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }

    internal string Words { get; }

    internal string Advice { get; }

    /// <summary>The words of a text that the rule names.</summary>
    internal IEnumerable<string> In(string text) => _pattern.Matches(text).Select(m => m.Value);

    /// <summary>Reads lines "words => advice"; lines that start with # are comments.</summary>
    internal static IReadOnlyList<WordRule> Read(string path) =>
    [
        .. File.ReadLines(path).Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(" => ", 2)).Select(p => new WordRule(p[0].Trim(), p[1].Trim())),
    ];
}
