// One process's shard of the rows of a data view.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// Rows rank, rank + size, rank + 2 size, ... of the source. Interleaved shards do not need a row count, which many sources do not have before they
/// are read, and take about the same time even if the data is sorted by class or by size.
/// </summary>
/// <param name="source">All rows; the same rows in the same order on every read and for every process.</param>
/// <param name="rank">Rank of the shard's process, in [0, size).</param>
/// <param name="size">Number of shards.</param>
internal sealed class RowShardView(IDataView source, int rank, int size) : IDataView
{
    public DataViewSchema Schema => source.Schema;

    /// <summary>False: shards of two different orders would overlap and miss rows.</summary>
    public bool CanShuffle => false;

    public long? GetRowCount() => source.GetRowCount() is { } rows ? rows / size + (rank < rows % size ? 1 : 0) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new RowShardCursor(source.GetRowCursor(columnsNeeded), rank, size);

    /// <summary>One cursor: cursors that split the source's rows do not provide row numbers.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [new RowShardCursor(source.GetRowCursorSet(columnsNeeded, 1)[0], rank, size)];
}

/// <summary>Columns, values and ids are those of the source's rows; positions count the rows of the shard from 0.</summary>
/// <param name="source">The cursor over all rows.</param>
/// <param name="rank">Index of the first row of the shard.</param>
/// <param name="size">Stride between rows of the shard.</param>
internal sealed class RowShardCursor(DataViewRowCursor source, int rank, int size) : DataViewRowCursor
{
    private long _position = -1;
    private bool _ended;

    public override DataViewSchema Schema => source.Schema;

    /// <summary>-1 before the first row and after the last.</summary>
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
