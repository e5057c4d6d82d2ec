// One section of a notebook's program, from its marker to the next.
namespace NotebookRunner.Twins;

/// <param name="Kind">The word in brackets after the marker; empty for code.</param>
/// <param name="Tags">The other words after the marker.</param>
/// <param name="Line">The line that the content starts at, from 1.</param>
/// <param name="Content">Without blank lines at both ends.</param>
internal sealed record TwinSection(string Kind, IReadOnlyList<string> Tags, int Line, IReadOnlyList<string> Content)
{
    internal const string Marker = "// %%";

    internal string Text => string.Join('\n', Content);

    /// <summary>Cuts the lines of a program into its sections; lines before the first marker belong to none.</summary>
    internal static IEnumerable<TwinSection> Split(string[] lines)
    {
        int[] starts = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i].StartsWith(Marker, StringComparison.Ordinal))];
        return starts.Zip([.. starts.Skip(1), lines.Length], (start, end) => Cut(lines, start, end));
    }

    private static TwinSection Cut(string[] lines, int start, int end)
    {
        string[] words = lines[start][Marker.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool hasKind = words is [['[', .., ']'], ..];
        int first = start + 1;
        while (first < end && lines[first].Length == 0)
            first++;
        while (end > first && lines[end - 1].Length == 0)
            end--;
        return new TwinSection(hasKind ? words[0][1..^1] : "", hasKind ? words[1..] : words, first + 1, lines[first..end]);
    }
}
