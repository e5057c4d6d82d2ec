// Compares two texts line by line, optionally ignoring numbers.
using System.Text.RegularExpressions;

namespace NotebookRunner.Comparing;

internal static partial class TextComparison
{
    /// <summary>The first line that differs, with the line counts of both texts; empty if the texts are equal.</summary>
    internal static IEnumerable<string> Differences(string was, string now, bool numbersVary)
    {
        string[] saved = Lines(was, numbersVary), fresh = Lines(now, numbersVary);
        int same = saved.Zip(fresh).TakeWhile(p => p.First == p.Second).Count();
        if (same < saved.Length || same < fresh.Length)
            yield return $"line {same + 1} of {saved.Length} saved, of {fresh.Length} now\n  saved: {LineText(saved, same)}\n  now:   {LineText(fresh, same)}";
    }

    private static string LineText(string[] lines, int line) => line < lines.Length ? lines[line] : "(nothing)";

    private static string[] Lines(string text, bool numbersVary) => (numbersVary ? WithoutNumbers(text) : text).TrimEnd().Split('\n');

    /// <summary>Replaces each number together with the spaces before it, because columns are padded.</summary>
    private static string WithoutNumbers(string text) => Number().Replace(text, "#");

    [GeneratedRegex(@"[ ]*[-+−]?\d+(?:[.,:]\d+)*(?:[eE][-+]?\d+)?")]
    private static partial Regex Number();
}
