// One cell of a notebook.
namespace NotebookRunner.Model;

internal enum CellKind
{
    Markdown,
    Code,
}

internal sealed record NotebookCell(CellKind Kind, string Source)
{
    /// <summary>Numbers and pictures that the cell puts out differ from machine to machine; its words do not.</summary>
    internal const string Varies = "varies";

    /// <summary>The cell's code is beside the point and shown folded.</summary>
    internal const string Folded = "folded";

    /// <summary>Unique in its notebook, and the same as long as the source is.</summary>
    public string Id { get; init; } = "";

    /// <summary>The line of the program that <see cref="Source"/> starts at, from 1; 0 in a notebook that was read from its file.</summary>
    public int Line { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The place among the code cells, from 1; null where the cell has not been run.</summary>
    public int? ExecutionCount { get; init; }

    public IReadOnlyList<CellOutput> Outputs { get; init; } = [];
}
