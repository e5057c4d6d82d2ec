// The dependency graph of folders: its cycles, and the page that shows it.
using System.Globalization;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>A group of folders that all reach each other, and the shortest cycle through one of them.</summary>
internal sealed record FolderCircle(IReadOnlyList<string> Folders, IReadOnlyList<TypeReference> Example);

internal sealed class FolderGraph
{
    private readonly Dictionary<string, Dictionary<string, List<TypeReference>>> _uses;

    /// <param name="references">References between types of different folders.</param>
    internal FolderGraph(IEnumerable<TypeReference> references) => _uses = references
        .OrderBy(r => $"{r.FromFile} {r.FromType} {r.ToFile} {r.ToType}", StringComparer.Ordinal)
        .GroupBy(r => r.FromFolder)
        .ToDictionary(from => from.Key, from => from.GroupBy(r => r.ToFolder).ToDictionary(to => to.Key, to => to.ToList()));

    internal static string NameOf(string folder) => folder.Length == 0 ? "(root)" : folder;

    /// <summary>The strongly connected components of more than one folder.</summary>
    internal IReadOnlyList<FolderCircle> Circles()
    {
        var reached = _uses.Keys.ToDictionary(f => f, f => Paths(f).Keys.ToHashSet());
        var circles = new List<FolderCircle>();
        var done = new HashSet<string>();
        foreach (string folder in _uses.Keys.Order(StringComparer.Ordinal).Where(f => reached[f].Contains(f) && done.Add(f)))
        {
            string[] group = [.. reached[folder].Where(f => f == folder || (reached.TryGetValue(f, out var back) && back.Contains(folder))).Order(StringComparer.Ordinal)];
            done.UnionWith(group);
            circles.Add(new(group, group.Select(f => Paths(f)[f]).MinBy(path => path.Count)!));
        }

        return circles;
    }

    /// <summary>A page with a row and a column for each folder: whether a type of the row's folder uses one of the column's.</summary>
    internal string ToMarkdown(IEnumerable<string> order)
    {
        string[] folders = [.. order];
        var text = new StringBuilder();
        text.Append("# Folder dependencies\n\n")
            .Append("This page is for contributors who move code or add a dependency between folders of the library. The\n")
            .Append("table shows which folder uses which. In each row, x marks a folder whose types the row's folder\n")
            .Append("names or uses.\n\n")
            .Append("`FolderDirectionTests` defines the order of the folders and generates this page. Every x is to the\n")
            .Append("right of the diagonal, so no two folders use each other. [The code map](code-map.md) says what each\n")
            .Append("folder contains.\n\n")
            .Append("| # | folder | ").AppendJoin(" | ", folders.Select((_, i) => Number(i + 1))).Append(" |\n")
            .Append("| --: | -- |").Insert(text.Length, " :-: |", folders.Length).Append('\n');
        for (int row = 0; row < folders.Length; row++)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row + 1} | {NameOf(folders[row])} |");
            for (int column = 0; column < folders.Length; column++)
                text.Append(' ').Append(row == column ? "·" : _uses.GetValueOrDefault(folders[row])?.ContainsKey(folders[column]) == true ? "x" : "").Append(" |");
            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The shortest path to each reachable folder, including the start if it is on a cycle.</summary>
    private Dictionary<string, List<TypeReference>> Paths(string from)
    {
        var paths = new Dictionary<string, List<TypeReference>>();
        var open = new Queue<(string Folder, List<TypeReference> Path)>([(from, [])]);
        while (open.TryDequeue(out var next))
        {
            foreach (var (to, references) in _uses.GetValueOrDefault(next.Folder) ?? [])
            {
                List<TypeReference> path = [.. next.Path, references[0]];
                if (paths.TryAdd(to, path))
                    open.Enqueue((to, path));
            }
        }

        return paths;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
