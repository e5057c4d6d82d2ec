// The rows of a data view that one of several processes is to read.
namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>
/// Rows rank, rank + size, rank + 2 size, ... of the source. Taken in turn and not in runs, they need no row count, which many a source does not know
/// before it was read, and data sorted by class or by size gives shares that take about as long.
/// </summary>
/// <param name="source">All rows, the same and in the same order each time they are read, and for every process.</param>
/// <param name="rank">Whose share, in [0, size).</param>
/// <param name="size">How many shares there are.</param>
internal sealed class RowShareView(IDataView source, int rank, int size) : IDataView
{
    public DataViewSchema Schema => source.Schema;

    /// <summary>False: shares of two different orders would have rows in common and leave others out.</summary>
    public bool CanShuffle => false;

    public long? GetRowCount() => source.GetRowCount() is { } rows ? rows / size + (rank < rows % size ? 1 : 0) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new RowShareCursor(source.GetRowCursor(columnsNeeded), rank, size);

    /// <summary>One cursor: cursors that share the source's rows out among them do not know the numbers of their rows.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [new RowShareCursor(source.GetRowCursorSet(columnsNeeded, 1)[0], rank, size)];
}
