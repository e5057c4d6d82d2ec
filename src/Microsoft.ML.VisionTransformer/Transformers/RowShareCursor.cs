// Moves over every n-th row of another cursor.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Columns, values and ids are those of the source's rows; positions count the rows of the share from 0.</summary>
/// <param name="source">The cursor over all rows.</param>
/// <param name="rank">The first row that is given, from 0.</param>
/// <param name="size">Distance from one row that is given to the next.</param>
internal sealed class RowShareCursor(DataViewRowCursor source, int rank, int size) : DataViewRowCursor
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
