// The repository's pages: README.md, everything under docs, the readmes of the packages and of the test data, and the pages for the repository's host.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests.Support;

internal static class DocumentationPages
{
    private static readonly string[] _notOurs = ["bin", "obj", "node_modules"];

    /// <summary>Full paths, README.md first.</summary>
    internal static IReadOnlyList<string> All { get; } =
    [
        Path.Combine(SourceTree.Root, "README.md"),
        .. Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Where(p => !p.Split(Path.DirectorySeparatorChar).Any(_notOurs.Contains)).Order(StringComparer.Ordinal),
        .. Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "build", "package"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
        .. Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "test", "Data"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
        .. Directory.EnumerateFiles(Path.Combine(SourceTree.Root, ".github"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
    ];

    /// <summary>A path as it is named in a message: from the root, with slashes.</summary>
    internal static string Name(string path) => Path.GetRelativePath(SourceTree.Root, path).Replace('\\', '/');
}
