// The repository's notebooks: the programs that they are made from, and the command that makes them.
using NotebookRunner.Model;
using NotebookRunner.Twins;

namespace NotebookRunner;

internal static class NotebookFolder
{
    internal const string Regenerate = "dotnet run -c Release --project build/NotebookRunner";

    /// <summary>docs/notebooks of the repository that this program was built from.</summary>
    internal static string Path { get; } = Find();

    /// <summary>The programs whose names start with one of the beginnings, in order; all, where there are no beginnings.</summary>
    internal static IReadOnlyList<Twin> Twins(IReadOnlyList<string> beginnings) =>
        [.. Directory.EnumerateFiles(Path, "*" + Twin.Extension)
            .Where(f => beginnings.Count == 0 || beginnings.Any(b => System.IO.Path.GetFileName(f).StartsWith(b, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .Select(TwinReader.Read)];

    internal static Notebook? Saved(Twin twin) => File.Exists(twin.NotebookPath) ? NotebookFile.Read(twin.NotebookPath) : null;

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Microsoft.ML.VisionTransformer.sln")))
                return System.IO.Path.Combine(folder.FullName, "docs", "notebooks");
        }

        throw new DirectoryNotFoundException($"Above {AppContext.BaseDirectory} there is no repository.");
    }
}
