// Resolves a notebook's packages to the assemblies of this build, so that notebooks run against the current code and not a package feed.
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using NotebookRunner.Programs;

namespace NotebookRunner.Running;

internal static class PackageAssemblies
{
    /// <summary>Packages of native backends. A notebook references that of the user's machine; this program was built with one for its own machine.</summary>
    private static readonly string[] _backends = ["libtorch-", "TorchSharp-"];

    private static readonly Lazy<Dictionary<string, JsonNode>> _libraries = new(ReadLibraries);

    /// <summary>References to the framework, and to the assemblies of the packages and their dependencies.</summary>
    /// <exception cref="InvalidDataException">This program was not built with the package in that version.</exception>
    internal static IReadOnlyList<MetadataReference> References(NotebookProgram program)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var package in program.Packages.Where(p => !_backends.Any(b => p.Id.StartsWith(b, StringComparison.Ordinal))))
            Add(names, $"{package.Id}/{package.Version}", Path.GetFileName(program.Path));
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return [.. trusted.Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == framework || names.Contains(Path.GetFileName(path)))
            .Select(path => MetadataReference.CreateFromFile(path))];
    }

    private static void Add(SortedSet<string> names, string library, string requester)
    {
        if (!_libraries.Value.TryGetValue(library, out var entry))
        {
            string id = library[..library.IndexOf('/')];
            string? other = _libraries.Value.Keys.FirstOrDefault(k => k.StartsWith($"{id}/", StringComparison.OrdinalIgnoreCase));
            string known = other is null ? "lacks that package" : $"has {other}";
            throw new InvalidDataException(
                $"{requester} requires {library}; this build {known}. Change the #:package line, or reference the package in build/NotebookRunner.");
        }

        foreach (var assembly in entry["runtime"]?.AsObject() ?? [])
            names.Add(Path.GetFileName(assembly.Key));
        foreach (var dependency in entry["dependencies"]?.AsObject() ?? [])
            Add(names, $"{dependency.Key}/{dependency.Value}", library);
    }

    /// <summary>From the <c>.deps.json</c> of the running program: library to its assemblies and dependencies.</summary>
    private static Dictionary<string, JsonNode> ReadLibraries()
    {
        string path = ((string)AppContext.GetData("APP_CONTEXT_DEPS_FILES")!).Split(';')[0];
        var targets = JsonNode.Parse(File.ReadAllText(path))!["targets"]!.AsObject();
        return targets.Single().Value!.AsObject().ToDictionary(l => l.Key, l => l.Value!, StringComparer.OrdinalIgnoreCase);
    }
}
