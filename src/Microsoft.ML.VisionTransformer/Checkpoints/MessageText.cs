// Text from a file, made fit for a message.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class MessageText
{
    private const int MostCharacters = 120;

    /// <summary>
    /// At most 120 characters, those replaced that begin a line or are not seen: a file must neither fill a log nor write lines of its own into it, nor turn
    /// the direction of what follows.
    /// </summary>
    internal static string Of(object? value)
    {
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        string start = text.Length <= MostCharacters ? text : text[..MostCharacters] + "...";
        return string.Concat(start.Select(c => IsHidden(c) ? '?' : c));
    }

    /// <summary>The first names of a list that may be long, each as <see cref="Of"/> shows it.</summary>
    /// <param name="names">All of them.</param>
    /// <param name="most">How many are shown; three dots stand for the rest.</param>
    /// <param name="quote">What stands before and behind each.</param>
    internal static string List(IReadOnlyCollection<string> names, int most, string quote = "") =>
        string.Join(", ", names.Take(most).Select(name => $"{quote}{Of(name)}{quote}")) + (names.Count > most ? ", ..." : "");

    private static bool IsHidden(char c) => char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
