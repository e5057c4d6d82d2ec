// Patterns of file names, for shells that do not expand them and for quoted ones.
using System.IO.Enumeration;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <summary>* and ? stand for any characters and one character of a name, ** for folders at any depth. What begins with a dot is found only where the pattern says the dot.</summary>
/// <remarks>Names are matched by .NET; the walk is ours, because Microsoft.Extensions.FileSystemGlobbing (10.0) has no ?, finds hidden files, and follows links in a circle.</remarks>
internal static class FilePattern
{
    private static readonly char[] _separators = Path.DirectorySeparatorChar == '\\' ? ['/', '\\'] : ['/'];

    internal static bool IsPattern(string text) => text.AsSpan().IndexOfAny('*', '?') >= 0;

    /// <summary>The files of that pattern, sorted by character code.</summary>
    internal static IEnumerable<string> Find(string pattern)
    {
        string root = Path.GetPathRoot(pattern) ?? "";
        string[] parts = pattern[root.Length..].Split(_separators, StringSplitOptions.RemoveEmptyEntries);
        return Matches(root, parts).Where(File.Exists).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    /// <summary>All files at any depth below a folder, sorted, without hidden ones.</summary>
    internal static IEnumerable<string> Below(string folder) => Find(Path.Combine(folder, "**", "*"), folder);

    private static IEnumerable<string> Find(string pattern, string folder) =>
        Matches(folder, Path.GetRelativePath(folder, pattern).Split(Path.DirectorySeparatorChar)).Where(File.Exists).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Matches(string folder, ReadOnlyMemory<string> parts)
    {
        if (parts.IsEmpty)
            return [folder];
        var (part, rest) = (parts.Span[0], parts[1..]);
        if (part == "**")
            return Entries(folder, "*").Where(IsRealFolder).SelectMany(inner => Matches(inner, parts)).Concat(Matches(folder, rest));
        return IsPattern(part) ? Entries(folder, part).SelectMany(entry => Matches(entry, rest)) : Matches(Path.Combine(folder, part), rest);
    }

    private static IEnumerable<string> Entries(string folder, string pattern)
    {
        string position = folder.Length == 0 ? "." : folder;
        if (!Directory.Exists(position))
            return [];
        return Directory.EnumerateFileSystemEntries(position).Select(entry => Path.GetFileName(entry)!)
            .Where(name => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: OperatingSystem.IsWindows()) && (name[0] != '.' || pattern[0] == '.'))
            .Select(name => Path.Combine(folder, name));
    }

    /// <summary>Links to folders are not followed by **: they may lead in a circle.</summary>
    private static bool IsRealFolder(string path) => Directory.Exists(path) && !File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint);
}
