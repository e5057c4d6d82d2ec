// A notebook: cells of text and of code, with what the code put out when it was run.
namespace NotebookRunner.Model;

/// <param name="Name">The file's name without its extension.</param>
/// <param name="Cells">From top to bottom.</param>
internal sealed record Notebook(string Name, IReadOnlyList<NotebookCell> Cells);
