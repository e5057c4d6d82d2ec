// Text for messages: shortened values, durations, and the known name nearest to an unknown one.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class MessageText
{
    private const int MostCharacters = 120, MostPathCharacters = 260, PathEndCharacters = 80;

    /// <summary>
    /// At most 120 characters, with line breaks and invisible characters replaced: text from a file must not flood a log, add lines to it, or change
    /// the direction of the text that follows.
    /// </summary>
    internal static string Of(object? value)
    {
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        string start = text.Length <= MostCharacters ? text : text[..MostCharacters] + "...";
        return string.Concat(start.Select(c => IsHidden(c) ? '?' : c));
    }

    /// <summary>
    /// A path of up to 260 characters as a whole; a longer one, such as an image's content that somebody put in a path column, as its first and last
    /// 80 characters. Invisible characters are replaced.
    /// </summary>
    internal static string OfPath(string? path)
    {
        string text = path ?? "";
        string shown = text.Length <= MostPathCharacters ? text : $"{text[..PathEndCharacters]}...{text[^PathEndCharacters..]}";
        return string.Concat(shown.Select(c => IsHidden(c) ? '?' : c));
    }

    /// <summary>The first names of a list that may be long, each as <see cref="Of"/> shows it.</summary>
    /// <param name="names">All of them.</param>
    /// <param name="most">How many are shown; an ellipsis stands for the rest.</param>
    /// <param name="quote">Quotation mark before and after each name.</param>
    internal static string List(IReadOnlyCollection<string> names, int most, string quote = "") =>
        string.Join(", ", names.Take(most).Select(name => $"{quote}{Of(name)}{quote}")) + (names.Count > most ? ", ..." : "");

    private static bool IsHidden(char c) => char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}

internal static class DurationText
{
    /// <summary>"7:05"; from an hour on "1:07:05", from a day on "2d 01:07:05". Fractions of a second are dropped.</summary>
    internal static string Of(TimeSpan time) => time.ToString(
        time.TotalDays >= 1 ? @"d\d\ hh\:mm\:ss" : time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}

internal static class PercentText
{
    /// <summary>A fraction as a percentage with one decimal: "92.5%".</summary>
    internal static string Of(double fraction) => string.Create(CultureInfo.InvariantCulture, $"{100 * fraction:0.0}%");
}

internal static class NearestName
{
    /// <summary>Fewer characters say too little to complete.</summary>
    private const int ShortestStart = 4;

    /// <summary>
    /// The shortest candidate that starts with the name; otherwise the one with the smallest edit distance (Levenshtein 1966), the first of equals. Case is
    /// ignored. There must be at least one.
    /// </summary>
    internal static string To(string name, IEnumerable<string> candidates)
    {
        string[] all = [.. candidates];
        string? completed = name.Length >= ShortestStart ? all.Where(c => c.StartsWith(name, StringComparison.OrdinalIgnoreCase)).MinBy(c => c.Length) : null;
        return completed ?? all.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()))!;
    }

    /// <summary>Fewest insertions, deletions and replacements of a character that turn one text into the other.</summary>
    internal static int Distance(string from, string to)
    {
        // One row of the table at a time: row[j] is the distance from the first i characters of one to the first j of the other.
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
