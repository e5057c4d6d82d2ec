// Reads a notebook's program and creates the cells of the notebook.
using System.Security.Cryptography;
using System.Text;
using NotebookRunner.Model;

namespace NotebookRunner.Programs;

internal static class ProgramReader
{
    private const string PackageLine = "#:package ";

    private const string KnownSections = "[markdown], [packages], [types], [program], and code without a kind";

    private static readonly string[] _knownTags = [NotebookCell.Varies, NotebookCell.Folded];

    /// <exception cref="InvalidDataException">The file violates the format; the message states the line.</exception>
    internal static NotebookProgram Read(string path)
    {
        string[] lines = File.ReadAllText(path).ReplaceLineEndings("\n").TrimEnd().Split('\n');
        PackageRequest[] packages = [.. lines.Where(l => l.StartsWith(PackageLine, StringComparison.Ordinal)).Select(l => Package(path, l))];
        ProgramSection[] sections = [.. ProgramSection.Split(lines)];
        var cells = sections.Where(s => s.Kind is not ("types" or "program")).Select(s => Cell(path, s, packages)).ToList();
        var types = sections.Where(s => s.Kind == "types").Select(s => Cell(path, s, packages));
        cells.InsertRange(1 + cells.FindIndex(c => c.Kind == CellKind.Code && c.Line > 0), types);
        string[] programOnly = [.. sections.Where(s => s.Kind == "program").Select(s => s.Text)];
        return new NotebookProgram(path, packages, new Notebook(Path.GetFileNameWithoutExtension(path), WithIds(cells)), programOnly);
    }

    private static PackageRequest Package(string path, string line) => line[PackageLine.Length..].Trim().Split('@') switch
    {
        [string id, string version] => new PackageRequest(id, version),
        _ => throw new InvalidDataException($"{Path.GetFileName(path)}: '{line}' should be '{PackageLine}<id>@<version>'."),
    };

    private static NotebookCell Cell(string path, ProgramSection section, PackageRequest[] packages)
    {
        if (section.Tags.Except(_knownTags).FirstOrDefault() is string unknown)
            throw Wrong(path, section.Line, $"the tag '{unknown}' is unknown; known tags are {string.Join(", ", _knownTags)}");
        return section.Kind switch
        {
            "" or "types" => new NotebookCell(CellKind.Code, section.Text) { Line = section.Line, Tags = section.Tags },
            "markdown" => new NotebookCell(CellKind.Markdown, Markdown(path, section)) { Line = section.Line },
            // Line 0: the runner resolves the packages itself and does not run this cell.
            "packages" => new NotebookCell(CellKind.Code, string.Join('\n', packages.Select(p => $"#r \"nuget: {p.Id}, {p.Version}\""))),
            _ => throw Wrong(path, section.Line, $"a section '[{section.Kind}]' is unknown; known sections are {KnownSections}"),
        };
    }

    private static string Markdown(string path, ProgramSection section)
    {
        var text = section.Content.Select((line, i) => line switch
        {
            "//" => "",
            ['/', '/', ' ', ..] => line[3..],
            _ => throw Wrong(path, section.Line + i, "a line of text must start with '// '"),
        });
        return string.Join('\n', text);
    }

    /// <summary>Ids are hashes of the sources, so a new cell does not change the ids of the others.</summary>
    private static NotebookCell[] WithIds(List<NotebookCell> cells)
    {
        var seen = new Dictionary<string, int>();
        return [.. cells.Select(cell =>
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{cell.Kind}\n{cell.Source}")))[..12];
            seen[hash] = seen.GetValueOrDefault(hash) + 1;
            return cell with { Id = seen[hash] == 1 ? hash : $"{hash}-{seen[hash]}" };
        })];
    }

    private static InvalidDataException Wrong(string path, int line, string what) => new($"{Path.GetFileName(path)}, line {line}: {what}.");
}
