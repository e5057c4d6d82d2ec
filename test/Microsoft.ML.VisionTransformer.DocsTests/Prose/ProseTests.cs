// The pages read as plain English: width of lines, length of sentences, word list, reading ease, spelling, first sentence.
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Syntax;
using Microsoft.ML.VisionTransformer.DocsTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests.Prose;

/// <summary>
/// Texts are the Markdown pages, the generated API reference, the Markdown cells of the notebooks, the reviewed list of messages, and the comments of the source.
/// <c>docs/CONTRIBUTING.md</c> explains the rules to writers.
/// </summary>
[TestClass]
public sealed partial class ProseTests(TestContext context)
{
    private const int Columns = 100;
    private const int LongestSentence = 30;
    private const double LowestReadingEase = 50;

    private static readonly string _folder = Path.Combine(SourceTree.Root, "test", "Microsoft.ML.VisionTransformer.DocsTests", "Prose");

    private static readonly IReadOnlyList<WordRule> _rules = WordRule.Read(Path.Combine(_folder, "words.txt"));

    /// <summary>Pages that people write; the API reference comes from comments of the source, and the page of folder dependencies from a test.</summary>
    private static readonly Dictionary<string, string> _written = DocumentationPages.All
        .Where(p => !DocumentationPages.Name(p).StartsWith("docs/api/", StringComparison.Ordinal)).ToDictionary(DocumentationPages.Name, File.ReadAllText);

    private static readonly Dictionary<string, string> _reference = DocumentationPages.All
        .Where(p => DocumentationPages.Name(p).StartsWith("docs/api/", StringComparison.Ordinal)).ToDictionary(DocumentationPages.Name, File.ReadAllText);

    private static readonly Dictionary<string, string> _notebooks = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "docs", "notebooks"), "*.cs")
        .ToDictionary(DocumentationPages.Name, p => MarkdownCells(File.ReadAllLines(p)));

    /// <summary>The sentences of every page and notebook, by name; each text is parsed once.</summary>
    private static readonly Dictionary<string, IReadOnlyList<Sentence>> _sentences =
        _written.Concat(_reference).Concat(_notebooks).ToDictionary(p => p.Key, p => ProseText.Sentences(p.Value));

    [TestMethod]
    public void LinesOfRunningTextHaveAtMost100Columns() => AssertNone(
        from page in _written
        from line in ProseText.RunningLines(page.Value)
        where line.Text.Length > Columns && line.Text.Trim().Contains(' ')
        select $"{page.Key}({line.Line}): {line.Text.Length} columns");

    [TestMethod]
    public void SentencesHaveAtMost30Words() => AssertNone(
        from page in _sentences
        from sentence in page.Value
        where sentence.Words > LongestSentence
        select $"{page.Key}({sentence.Line}): {sentence.Words} words: {sentence.Text}");

    [TestMethod]
    public void PagesDoNotUseWordsOfTheList() => AssertNone(
        from page in _sentences
        from sentence in page.Value
        from found in Avoided(sentence.Text)
        select $"{page.Key}({sentence.Line}): {found} [{sentence.Text}]");

    [TestMethod]
    public void MessagesDoNotUseWordsOfTheList() => AssertNone(
        from line in File.ReadLines(Path.Combine(SourceTree.Tests, "Conventions", "messages.txt"))
        let text = Placeholder().Replace(line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..], ProseText.Code)
        from found in Avoided(text)
        select $"{line}: {found}");

    [TestMethod]
    public void CommentsOfTheSourceDoNotUseWordsOfTheList() => AssertNone(
        from folder in new[] { "src", "docs", "build" }
        from file in Directory.EnumerateFiles(Path.Combine(SourceTree.Root, folder), "*.cs", SearchOption.AllDirectories)
        where !BuildOutput().IsMatch(file)
        from line in File.ReadLines(file).Select((text, index) => (Text: Comment().Match(text), Number: index + 1))
        where line.Text.Success
        from found in Avoided(Markup().Replace(line.Text.Groups[1].Value, ProseText.Code))
        select $"{DocumentationPages.Name(file)}({line.Number}): {found} [{line.Text.Groups[1].Value.Trim()}]");

    /// <summary>Readers learn first whether the page is for them: text comes before code, tables and pictures. A template has no title.</summary>
    [TestMethod]
    public void APageStartsWithASentence() => AssertNone(
        from page in _written
        where !page.Key.EndsWith("TEMPLATE.md", StringComparison.Ordinal)
        let blocks = Markdown.Parse(page.Value).Take(2).ToArray()
        where !(blocks is [HeadingBlock { Level: 1 }, ParagraphBlock paragraph] && _sentences[page.Key] is [_, { IsFull: true, Words: > 3 }, ..]
            && page.Value[paragraph.Span.Start] != '!')
        select $"{page.Key} does not start with a heading and a sentence");

    [TestMethod]
    public void PagesAreEasyToRead()
    {
        var pages = _written.Concat(_notebooks).Select(p => (p.Key, Sentences: _sentences[p.Key]))
            .Select(p => (p.Key, Ease: Readability.Of(p.Sentences), Mean: p.Sentences.Where(s => s.IsFull).Select(s => s.Words).DefaultIfEmpty().Average())).ToArray();
        foreach (var (page, ease, mean) in pages)
            context.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{page}: reading ease {ease:F0}, {mean:F1} words per sentence"));

        AssertNone(pages.Where(p => p.Ease < LowestReadingEase).Select(p => $"{p.Key}: reading ease {p.Ease:F0}, at least {LowestReadingEase}"));
        Assert.IsGreaterThan(15, pages.Count(p => !double.IsNaN(p.Ease)), "pages with a reading ease");
    }

    /// <summary>Hunspell's American dictionary and <c>dictionary.txt</c>, which has the terms of the field and names.</summary>
    [TestMethod]
    public void WordsAreSpelledCorrectly()
    {
        Requires.Program("hunspell", "hunspell hunspell-en-us");
        using var folder = new TemporaryFolder();
        string text = folder.File("text.txt");
        var pages = _sentences.Where(p => p.Key is not ("docs/credits.md" or "docs/notebooks/photos/README.md"))
            .ToDictionary(p => p.Key, p => p.Value.SelectMany(s => WordsToSpell(s.Text)).ToHashSet(StringComparer.Ordinal));
        File.WriteAllLines(text, pages.Values.SelectMany(words => words).Distinct(StringComparer.Ordinal));

        string[] unknown = Run("hunspell", "-d", "en_US", "-p", Path.Combine(_folder, "dictionary.txt"), "-i", "utf-8", "-l", text);

        AssertNone(
            from word in unknown.Distinct(StringComparer.Ordinal)
            select $"{pages.First(p => p.Value.Contains(word)).Key}: {word}");
    }

    /// <summary>A rule without special characters finds its own words.</summary>
    [TestMethod]
    public void EveryRuleFindsItsWords() => AssertNone(
        from rule in _rules
        where rule.Words.All(c => char.IsLetter(c) || c is ' ' or '-' or '|')
        from words in rule.Words.Split('|')
        where !rule.In($"the {words}.").Any()
        select $"{words} is not found");

    [TestMethod]
    [DataRow("The colours are normalised.", "colours,normalised")]
    [DataRow("It belongs into the program, one folder a class.", "belongs into,one folder a class")]
    [DataRow("A model judged by its log-loss goes on after a crash.", "judged,log-loss,goes on after")]
    [DataRow("Judgment, colorful labels and the .NET network stay.", "")]
    public void TheListFindsWholeWords(string text, string expected)
    {
        string[] found = [.. _rules.SelectMany(r => r.In(text)).Order(StringComparer.Ordinal)];

        CollectionAssert.AreEqual(expected.Split(',', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToArray(), found);
    }

    [TestMethod]
    public void CodeTablesAndLinksAreNotRunningText()
    {
        const string page = """
            # A title

            Two sentences with `code of four words` and [a link](https://example.org/a/b). The second, for
            example, has e.g. an abbreviation.

            | a | b |
            | - | - |
            | cell one | `code` |

            ```csharp
            int code = 1;
            ```

            - An item
            """;

        var sentences = ProseText.Sentences(page);

        string[] texts = [.. sentences.Where(s => s.IsFull).Select(s => s.Text)];
        CollectionAssert.AreEqual(new[] { "Two sentences with • and a link.", "The second, for example, has e.g. an abbreviation.", "An item" }, texts);
        CollectionAssert.AreEqual(new[] { 7, 8, 2 }, sentences.Where(s => s.IsFull).Select(s => s.Words).ToArray());
        CollectionAssert.AreEqual(new[] { 3, 4, 14 }, ProseText.RunningLines(page).Select(l => l.Line).ToArray());
    }

    /// <summary>Syllables as in a dictionary; Flesch's formula by hand: 50 sentences of "The cat sat." have 3 words and 3 syllables each.</summary>
    [TestMethod]
    public void ReadingEaseFollowsFlesch()
    {
        string[] words = ["made", "table", "trains", "started", "classes", "image", "transformer", "a", "model"];
        CollectionAssert.AreEqual(new[] { 1, 2, 1, 2, 2, 2, 3, 1, 2 }, words.Select(Readability.Syllables).ToArray());

        var sentences = ProseText.Sentences(string.Concat(Enumerable.Repeat("The cat sat. ", 50)));

        Assert.AreEqual(206.835 - (1.015 * 3) - 84.6, Readability.Of(sentences), 1e-9);
        Assert.IsTrue(double.IsNaN(Readability.Of(sentences.Take(30))), "too short to measure");
    }

    private static IEnumerable<string> Avoided(string text) => from rule in _rules from word in rule.In(text) select $"'{word}': write {rule.Advice}";

    private static string MarkdownCells(string[] lines)
    {
        bool isText = false;
        return string.Join('\n', lines.Select(line =>
        {
            if (line.StartsWith("// %%", StringComparison.Ordinal))
                isText = line.StartsWith("// %% [markdown]", StringComparison.Ordinal);
            else if (isText && line.StartsWith("//", StringComparison.Ordinal))
                return line.Length > 3 ? line[3..] : "";
            return "";
        }));
    }

    /// <summary>Words in lower case or with one capital at the start. Names in other forms (ViT, bfloat16, TrainTestSplit) and file names are not words of English.</summary>
    private static IEnumerable<string> WordsToSpell(string text) =>
        text.Split([' ', '/', '(', ')', '"', '\u2014', '\u2013'], StringSplitOptions.RemoveEmptyEntries).Where(t => !t.Contains("://", StringComparison.Ordinal))
            .SelectMany(t => t.Split('-')).Select(t => t.Trim('.', ',', ';', ':', '!', '?', '\'', '[', ']', '*', '•', '…')).Select(t => Possessive().Replace(t, ""))
            .Where(t => PlainWord().IsMatch(t));

    private static string[] Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Requires.ProgramPath(program)!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, error.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static void AssertNone(IEnumerable<string> faults)
    {
        string[] found = [.. faults];
        Assert.IsEmpty(found, $"{found.Length} faults:\n{string.Join('\n', found.Take(400))}");
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"[\\/](bin|obj|node_modules)[\\/]")]
    private static partial Regex BuildOutput();

    [GeneratedRegex(@"(?<![:""])//+\s*(.*)$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"<(see|paramref|typeparamref|seealso)\b[^>]*/>|<c>[^<]*</c>|https?://\S+|</?\w+[^>]*>")]
    private static partial Regex Markup();

    [GeneratedRegex("['’]s?$")]
    private static partial Regex Possessive();

    [GeneratedRegex(@"^\p{L}\p{Ll}+(['’]\p{Ll}+)?$")]
    private static partial Regex PlainWord();
}
