// Compares two texts line by line; where numbers may differ, all but the numbers.
using System.Text.RegularExpressions;

namespace NotebookRunner.Comparing;

internal static partial class TextComparison
{
    /// <summary>The first line that differs, and how many lines there are where that differs.</summary>
    internal static IEnumerable<string> Differences(string was, string now, bool numbersVary)
    {
        string[] saved = Lines(was, numbersVary), fresh = Lines(now, numbersVary);
        int same = saved.Zip(fresh).TakeWhile(p => p.First == p.Second).Count();
        if (same < saved.Length || same < fresh.Length)
            yield return $"line {same + 1} of {saved.Length} saved, of {fresh.Length} now\n  saved: {Shown(saved, same)}\n  now:   {Shown(fresh, same)}";
    }

    private static string Shown(string[] lines, int line) => line < lines.Length ? lines[line] : "(nothing)";

    private static string[] Lines(string text, bool numbersVary) => (numbersVary ? WithoutNumbers(text) : text).TrimEnd().Split('\n');

    /// <summary>A number takes the blanks before it with it: columns are padded.</summary>
    private static string WithoutNumbers(string text) => Number().Replace(text, "#");

    [GeneratedRegex(@"[ ]*[-+−]?\d+(?:[.,:]\d+)*(?:[eE][-+]?\d+)?")]
    private static partial Regex Number();
}
