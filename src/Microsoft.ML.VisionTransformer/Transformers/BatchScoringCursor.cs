// Moves over the rows and has the next batch scored whenever the last one is used up.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Transformers;

internal sealed class BatchScoringCursor : DataViewRowCursor
{
    private const int BatchesAhead = 2;

    private readonly DataViewRowCursor _main;
    private readonly bool[] _active;
    private readonly RowScorer _scorer;
    private readonly ReadAhead<ImageBatch>? _batches;
    private readonly Delegate[] _getters;
    private float[] _numbers = [];
    private int _rowInBatch;
    private int _rowsInBatch;

    /// <param name="schema">The source's columns, and those that are added.</param>
    /// <param name="main">Cursor over the source's columns that are needed.</param>
    /// <param name="active">Which columns are needed.</param>
    /// <param name="scorer">Scores.</param>
    /// <param name="batches">The images in batches, in the same order; null where no scores are needed.</param>
    internal BatchScoringCursor(DataViewSchema schema, DataViewRowCursor main, bool[] active, RowScorer scorer, IEnumerable<ImageBatch>? batches)
    {
        Schema = schema;
        _main = main;
        _active = active;
        _scorer = scorer;
        _batches = batches is null ? null : new ReadAhead<ImageBatch>(batches, BatchesAhead, "Vision Transformer image reader");
        _getters = scorer.Getters(Current);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _main.Position;

    public override long Batch => _main.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _main.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override bool MoveNext()
    {
        if (!_main.MoveNext())
            return false;
        if (_batches is not null && ++_rowInBatch >= _rowsInBatch)
            ScoreNextBatch();
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => ScoredRow.Getter<TValue>(_main, _getters, _active, column);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _batches?.Dispose();
            _main.Dispose();
        }

        base.Dispose(disposing);
    }

    private void ScoreNextBatch()
    {
        if (!_batches!.TryTake(out var batch))
            throw new InvalidOperationException("The data has fewer rows when it is read a second time: a data view must give the same rows each time.");
        _numbers = _scorer.Compute(batch);
        (_rowInBatch, _rowsInBatch) = (0, batch.Count);
    }

    private ReadOnlyMemory<float> Current() => _numbers.AsMemory(_rowInBatch * _scorer.Width, _scorer.Width);
}
