// The rows of a data view that one of several processes reads.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// Rows rank, rank + size, rank + 2 size, ... of the source. Taken in turn and not in runs, they need no row count, which many a source does not know
/// before it was read, and data sorted by class or by size gives shares that take about as long.
/// </summary>
/// <param name="source">All rows, the same and in the same order each time they are read, and for every process.</param>
/// <param name="rank">Whose share, in [0, size).</param>
/// <param name="size">How many shares there are.</param>
internal sealed class RowShardView(IDataView source, int rank, int size) : IDataView
{
    public DataViewSchema Schema => source.Schema;

    /// <summary>False: shares of two different orders would have rows in common and leave others out.</summary>
    public bool CanShuffle => false;

    public long? GetRowCount() => source.GetRowCount() is { } rows ? rows / size + (rank < rows % size ? 1 : 0) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new RowShardCursor(source.GetRowCursor(columnsNeeded), rank, size);

    /// <summary>One cursor: cursors that share the source's rows out among them do not know the numbers of their rows.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [new RowShardCursor(source.GetRowCursorSet(columnsNeeded, 1)[0], rank, size)];
}

/// <summary>Columns, values and ids are those of the source's rows; positions count the rows of the share from 0.</summary>
/// <param name="source">The cursor over all rows.</param>
/// <param name="rank">The first row that is given, from 0.</param>
/// <param name="size">Distance from one row that is given to the next.</param>
internal sealed class RowShardCursor(DataViewRowCursor source, int rank, int size) : DataViewRowCursor
{
    private long _position = -1;
    private bool _ended;

    public override DataViewSchema Schema => source.Schema;

    /// <summary>-1 before the first row and behind the last.</summary>
    public override long Position => _ended ? -1 : _position;

    public override long Batch => source.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => source.IsColumnActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => source.GetGetter<TValue>(column);

    public override bool MoveNext()
    {
        int steps = _position < 0 ? rank + 1 : size;
        for (int i = 0; i < steps && !_ended; i++)
            _ended = !source.MoveNext();
        if (!_ended)
            _position++;
        return !_ended;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            source.Dispose();
        base.Dispose(disposing);
    }
}
