// A notebook's C# program: one file that `dotnet run` runs as it is, and that the notebook is made from.
using NotebookRunner.Model;

namespace NotebookRunner.Twins;

/// <summary>
/// The file's format. A comment and <c>#:</c> lines come first; the first line that starts with <c>// %%</c> opens the first section, and each section goes on to
/// the next such line:
/// <list type="table">
/// <item><term><c>// %% [markdown]</c></term><description>text, every line a comment</description></item>
/// <item><term><c>// %%</c></term><description>code</description></item>
/// <item><term><c>// %% [packages]</c></term><description>nothing; the notebook gets an <c>#r</c> line for each package here</description></item>
/// <item><term><c>// %% [types]</c></term><description>types, which a program has after its statements; in the notebook they follow the first code cell</description></item>
/// <item><term><c>// %% [twin]</c></term><description>code that the program needs and the notebook does not</description></item>
/// </list>
/// Words after the marker are the cell's tags.
/// </summary>
/// <param name="Path">The program's file.</param>
/// <param name="Packages">What its <c>#:package</c> lines ask for.</param>
/// <param name="Notebook">The cells, not run yet.</param>
/// <param name="TwinOnly">The sections that the notebook does not have.</param>
internal sealed record Twin(string Path, IReadOnlyList<PackageRequest> Packages, Notebook Notebook, IReadOnlyList<string> TwinOnly)
{
    internal const string Extension = ".cs";

    internal string NotebookPath => System.IO.Path.ChangeExtension(Path, NotebookFile.Extension);
}

/// <summary>A package and its version.</summary>
internal sealed record PackageRequest(string Id, string Version);
