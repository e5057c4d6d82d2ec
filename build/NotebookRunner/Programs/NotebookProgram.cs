// A notebook's C# program: a single file that `dotnet run` can run, and from which the notebook is generated.
using NotebookRunner.Model;

namespace NotebookRunner.Programs;

/// <summary>
/// The file format: first a comment and <c>#:</c> lines, then sections. A section starts at a line that starts with <c>// %%</c> and ends before the next such
/// line:
/// <list type="table">
/// <item><term><c>// %% [markdown]</c></term><description>text; every line is a comment</description></item>
/// <item><term><c>// %%</c></term><description>code</description></item>
/// <item><term><c>// %% [packages]</c></term><description>empty; the notebook has an <c>#r</c> line for each package here</description></item>
/// <item>
/// <term><c>// %% [types]</c></term>
/// <description>types, which must follow the statements in a program; in the notebook they follow the first code cell</description>
/// </item>
/// <item><term><c>// %% [program]</c></term><description>code that only the program needs</description></item>
/// </list>
/// Other words after the marker are the cell's tags.
/// </summary>
/// <param name="Path">The program's file.</param>
/// <param name="Packages">The packages in its <c>#:package</c> lines.</param>
/// <param name="Notebook">The cells, without outputs.</param>
/// <param name="ProgramOnly">The sections that are not in the notebook.</param>
internal sealed record NotebookProgram(string Path, IReadOnlyList<PackageRequest> Packages, Notebook Notebook, IReadOnlyList<string> ProgramOnly)
{
    internal const string Extension = ".cs";

    internal string NotebookPath => System.IO.Path.ChangeExtension(Path, NotebookFile.Extension);
}

/// <summary>A package and its version.</summary>
internal sealed record PackageRequest(string Id, string Version);
