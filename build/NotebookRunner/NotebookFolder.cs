// The repository's notebooks: the programs they are generated from, and the command that generates them.
using NotebookRunner.Model;
using NotebookRunner.Programs;

namespace NotebookRunner;

internal static class NotebookFolder
{
    internal const string Regenerate = "dotnet run -c Release --project build/NotebookRunner -- --model <folder of the ViT-Ti>";

    /// <summary>docs/notebooks of the repository that this program was built from.</summary>
    internal static string Path { get; } = Find();

    /// <summary>The programs whose names start with one of the prefixes, in order; all programs if there are no prefixes.</summary>
    internal static IReadOnlyList<NotebookProgram> Programs(IReadOnlyList<string> prefixes) =>
        [.. Directory.EnumerateFiles(Path, "*" + NotebookProgram.Extension)
            .Where(f => prefixes.Count == 0 || prefixes.Any(b => System.IO.Path.GetFileName(f).StartsWith(b, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .Select(ProgramReader.Read)];

    internal static Notebook? Saved(NotebookProgram program) => File.Exists(program.NotebookPath) ? NotebookFile.Read(program.NotebookPath) : null;

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Microsoft.ML.VisionTransformer.sln")))
                return System.IO.Path.Combine(folder.FullName, "docs", "notebooks");
        }

        throw new DirectoryNotFoundException(
            $"No folder above {AppContext.BaseDirectory} contains Microsoft.ML.VisionTransformer.sln; run the program from a build in the repository.");
    }
}
