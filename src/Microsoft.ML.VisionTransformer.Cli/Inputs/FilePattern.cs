// Expands file name patterns, for shells that do not expand them and for quoted patterns.
using System.IO.Enumeration;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <summary>
/// * matches any characters of a name, ? matches one character, ** matches folders at any depth. A name that starts with a dot matches only a pattern
/// that starts with a dot.
/// </summary>
/// <remarks>
/// .NET matches the names. The directory walk is our own because Microsoft.Extensions.FileSystemGlobbing (10.0) does not support ?, finds hidden files,
/// and follows cyclic links.
/// </remarks>
internal static class FilePattern
{
    private static readonly char[] _separators = Path.DirectorySeparatorChar == '\\' ? ['/', '\\'] : ['/'];

    internal static bool IsPattern(string text) => text.AsSpan().IndexOfAny('*', '?') >= 0;

    /// <summary>The files that match the pattern, in ordinal order.</summary>
    internal static IEnumerable<string> Find(string pattern)
    {
        string root = Path.GetPathRoot(pattern) ?? "";
        string[] parts = pattern[root.Length..].Split(_separators, StringSplitOptions.RemoveEmptyEntries);
        return Matches(root, parts).Where(File.Exists).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    /// <summary>All files at any depth below a folder, in ordinal order, without hidden files.</summary>
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
        string directory = folder.Length == 0 ? "." : folder;
        if (!Directory.Exists(directory))
            return [];
        return Directory.EnumerateFileSystemEntries(directory).Select(entry => Path.GetFileName(entry)!)
            .Where(name => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: OperatingSystem.IsWindows()) && (name[0] != '.' || pattern[0] == '.'))
            .Select(name => Path.Combine(folder, name));
    }

    /// <summary>** does not follow links to folders: they may be cyclic.</summary>
    private static bool IsRealFolder(string path) => Directory.Exists(path) && !File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint);
}
