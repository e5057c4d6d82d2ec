// How easy a text is to read: Flesch's reading ease.
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.DocsTests.Prose;

/// <summary>
/// 206.835 - 1.015 (words / sentences) - 84.6 (syllables / words), by Rudolf Flesch (1948). Above 60 is plain English, 30 to 50 is a college text. Syllables are
/// counted as groups of vowels, which is off by a few percent for English.
/// </summary>
internal static partial class Readability
{
    /// <summary>Reading ease of running text; NaN for a page with fewer than 100 words of it.</summary>
    internal static double Of(IEnumerable<Sentence> sentences)
    {
        var full = sentences.Where(s => s.IsFull && s.Words > 0).ToArray();
        string[] words = [.. full.SelectMany(s => Letters().Matches(s.Text).Select(m => m.Value))];
        if (words.Length < 100)
            return double.NaN;
        return 206.835 - (1.015 * full.Sum(s => s.Words) / full.Length) - (84.6 * words.Sum(Syllables) / words.Length);
    }

    internal static int Syllables(string word)
    {
        string lower = word.ToLowerInvariant();
        int groups = Vowels().Count(lower);
        bool silentEnd = groups > 1 && SilentEnd().IsMatch(lower);
        return Math.Max(1, silentEnd ? groups - 1 : groups);
    }

    [GeneratedRegex(@"[\p{L}][\p{L}']*")]
    private static partial Regex Letters();

    [GeneratedRegex("[aeiouy]+")]
    private static partial Regex Vowels();

    /// <summary>"made", "trains" keep one syllable; "table", "started" and "classes" keep their last.</summary>
    [GeneratedRegex("([^aeiouyl]e|[^aeioudty]ed|[^aeiouycgszx]es)$")]
    private static partial Regex SilentEnd();
}
