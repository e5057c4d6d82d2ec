// A data view that counts the rows and columns that were read.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <param name="source">The rows.</param>
/// <param name="hasKnownLength">Whether the number of rows is known before they are read.</param>
internal sealed class WatchedView(IDataView source, bool hasKnownLength = true) : IDataView
{
    private readonly HashSet<string> _asked = [];
    private int _rows;

    /// <summary>Total number of rows that cursors have moved to.</summary>
    internal int RowsRead => _rows;

    /// <summary>Columns that cursors were opened for.</summary>
    internal IReadOnlySet<string> ColumnsAsked
    {
        get
        {
            lock (_asked)
                return _asked.ToHashSet();
        }
    }

    public DataViewSchema Schema => source.Schema;

    public bool CanShuffle => source.CanShuffle;

    public long? GetRowCount() => hasKnownLength ? source.GetRowCount() : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => Watch(source.GetRowCursor(Note(columnsNeeded), rand));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [.. source.GetRowCursorSet(Note(columnsNeeded), n, rand).Select(Watch)];

    private DataViewSchema.Column[] Note(IEnumerable<DataViewSchema.Column> columns)
    {
        DataViewSchema.Column[] needed = [.. columns];
        lock (_asked)
            _asked.UnionWith(needed.Select(c => c.Name));
        return needed;
    }

    private Cursor Watch(DataViewRowCursor cursor) => new(this, cursor);

    private sealed class Cursor(WatchedView view, DataViewRowCursor source) : DataViewRowCursor
    {
        public override DataViewSchema Schema => source.Schema;

        public override long Position => source.Position;

        public override long Batch => source.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => source.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => source.GetGetter<TValue>(column);

        public override bool MoveNext()
        {
            if (!source.MoveNext())
                return false;
            Interlocked.Increment(ref view._rows);
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                source.Dispose();
            base.Dispose(disposing);
        }
    }
}
