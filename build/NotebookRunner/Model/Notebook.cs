// A notebook: text and code cells, with the outputs of the code.
namespace NotebookRunner.Model;

/// <param name="Name">The file name without extension.</param>
/// <param name="Cells">The cells from top to bottom.</param>
internal sealed record Notebook(string Name, IReadOnlyList<NotebookCell> Cells);

internal enum CellKind
{
    Markdown,
    Code,
}

internal sealed record NotebookCell(CellKind Kind, string Source)
{
    /// <summary>Numbers and images in the cell's output differ between machines; the words do not. With another pretrained model, words differ too.</summary>
    internal const string Varies = "varies";

    /// <summary>The cell's code is not important to the reader and is shown collapsed.</summary>
    internal const string Folded = "folded";

    /// <summary>Unique in its notebook, and unchanged as long as the source is unchanged.</summary>
    public string Id { get; init; } = "";

    /// <summary>The line of the program at which <see cref="Source"/> starts, from 1; 0 in a notebook read from its file.</summary>
    public int Line { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The position among the code cells, from 1; null if the cell has not been run.</summary>
    public int? ExecutionCount { get; init; }

    public IReadOnlyList<CellOutput> Outputs { get; init; } = [];
}

/// <summary>One output of a cell: text on a stream, or displayed data.</summary>
internal abstract record CellOutput;

/// <param name="Name">stdout or stderr.</param>
/// <param name="Text">Lines that end with a line feed.</param>
internal sealed record StreamOutput(string Name, string Text) : CellOutput;

/// <param name="Data">The same content in one or more formats, by MIME type: text/html as text, image/jpeg in Base64.</param>
internal sealed record DisplayOutput(IReadOnlyDictionary<string, string> Data) : CellOutput;
