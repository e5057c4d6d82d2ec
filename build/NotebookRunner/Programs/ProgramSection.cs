// One section of a notebook's program, from its marker to the next.
namespace NotebookRunner.Programs;

/// <param name="Kind">The word in brackets after the marker; empty for code.</param>
/// <param name="Tags">The other words after the marker.</param>
/// <param name="Line">The first line of the content, from 1.</param>
/// <param name="Content">The lines, without leading and trailing blank lines.</param>
internal sealed record ProgramSection(string Kind, IReadOnlyList<string> Tags, int Line, IReadOnlyList<string> Content)
{
    internal const string Marker = "// %%";

    internal string Text => string.Join('\n', Content);

    /// <summary>Splits the lines of a program into sections; lines before the first marker are ignored.</summary>
    internal static IEnumerable<ProgramSection> Split(string[] lines)
    {
        int[] starts = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i].StartsWith(Marker, StringComparison.Ordinal))];
        return starts.Zip([.. starts.Skip(1), lines.Length], (start, end) => Cut(lines, start, end));
    }

    private static ProgramSection Cut(string[] lines, int start, int end)
    {
        string[] words = lines[start][Marker.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool hasKind = words is [['[', .., ']'], ..];
        int first = start + 1;
        while (first < end && lines[first].Length == 0)
            first++;
        while (end > first && lines[end - 1].Length == 0)
            end--;
        return new ProgramSection(hasKind ? words[0][1..^1] : "", hasKind ? words[1..] : words, first + 1, lines[first..end]);
    }
}
