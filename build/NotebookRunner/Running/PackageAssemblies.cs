// Resolves a notebook's packages to the assemblies that this program was built with, so that notebooks run against the build and not against a feed.
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using NotebookRunner.Twins;

namespace NotebookRunner.Running;

internal static class PackageAssemblies
{
    /// <summary>Which native backend a notebook asks for is for the user's machine; this program was built with one for the machine it runs on.</summary>
    private static readonly string[] _backends = ["libtorch-", "TorchSharp-"];

    private static readonly Lazy<Dictionary<string, JsonNode>> _libraries = new(ReadLibraries);

    /// <summary>The framework, and the assemblies of the packages with those that they depend on.</summary>
    /// <exception cref="InvalidDataException">A package or its version is not what this program was built with.</exception>
    internal static IReadOnlyList<MetadataReference> References(Twin twin)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var package in twin.Packages.Where(p => !_backends.Any(b => p.Id.StartsWith(b, StringComparison.Ordinal))))
            Add(names, $"{package.Id}/{package.Version}", Path.GetFileName(twin.Path));
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return [.. trusted.Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == framework || names.Contains(Path.GetFileName(path)))
            .Select(path => MetadataReference.CreateFromFile(path))];
    }

    private static void Add(SortedSet<string> names, string library, string whoAsks)
    {
        if (!_libraries.Value.TryGetValue(library, out var entry))
        {
            string id = library[..library.IndexOf('/')];
            string known = _libraries.Value.Keys.FirstOrDefault(k => k.StartsWith($"{id}/", StringComparison.OrdinalIgnoreCase)) is string other ? $"has {other}" : "lacks that package";
            throw new InvalidDataException(
                $"{whoAsks} asks for {library}; this build {known}. Change the #:package line, or reference the package in build/NotebookRunner.");
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
