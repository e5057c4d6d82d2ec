// The lazy result of Transform: scores are computed in batches while a cursor moves.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Scoring.Rows;

/// <summary>
/// The input with the columns that the model adds. A cursor that asks for them runs a second cursor on the image column alone ahead of the main one
/// and scores what it gathers; a cursor that does not ask for them costs nothing.
/// </summary>
internal sealed class BatchScoringView(IDataView source, DataViewSchema schema, RowScorer scorer, ImageColumn image) : IDataView
{
    public DataViewSchema Schema => schema;

    /// <summary>The column that is scored.</summary>
    internal ImageColumn Image => image;

    /// <summary>False: rows are scored in order.</summary>
    public bool CanShuffle => false;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        scorer.ThrowIfDisposed();
        bool[] active = ScoredRow.Active(schema, columnsNeeded);
        var main = source.GetRowCursor(source.Schema.Where(c => active[c.Index]));
        bool scores = ScoredRow.AnyAdded(active, source.Schema);
        return new BatchScoringCursor(schema, main, active, scorer, scores ? Batches() : null);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private IEnumerable<ImageBatch> Batches()
    {
        using var lookAhead = image.OpenCursor(source, image.Column);
        foreach (var batch in ImageBatches.Read(lookAhead, image, scorer.Converter, scorer.OnInvalidImage, scorer.BatchSize))
            yield return batch;
    }
}

internal sealed class BatchScoringCursor : DataViewRowCursor
{
    private const int BatchesAhead = 2;

    private readonly DataViewRowCursor _main;
    private readonly bool[] _active;
    private readonly RowScorer _scorer;
    private readonly ReadAhead<ImageBatch>? _batches;
    private readonly Delegate[] _getters;
    private float[] _values = [];
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
        _values = _scorer.Compute(batch);
        (_rowInBatch, _rowsInBatch) = (0, batch.Count);
    }

    private ReadOnlyMemory<float> Current() => _values.AsMemory(_rowInBatch * _scorer.Width, _scorer.Width);
}

internal static class ImageBatches
{
    /// <summary>Reads a cursor to its end; images of a batch are decoded in parallel.</summary>
    /// <param name="cursor">Cursor with the image column active; used on the enumerating thread alone.</param>
    /// <param name="column">The image column.</param>
    /// <param name="converter">How pictures become input.</param>
    /// <param name="onInvalid">What becomes of images that cannot be read.</param>
    /// <param name="size">Rows of a batch; the last may be smaller.</param>
    internal static IEnumerable<ImageBatch> Read(
        DataViewRowCursor cursor, ImageColumn column, ImagePreprocessor converter, InvalidImageHandling onInvalid, int size)
    {
        var read = column.Open(cursor);
        var sources = new List<ImageSource>(size);
        while (cursor.MoveNext())
        {
            sources.Add(read());
            if (sources.Count == size)
            {
                yield return Convert(sources, converter, onInvalid);
                sources.Clear();
            }
        }

        if (sources.Count > 0)
            yield return Convert(sources, converter, onInvalid);
    }

    /// <summary>Writes one input; false where the image cannot be read and that is no error.</summary>
    /// <exception cref="InvalidImageException">The image cannot be read, and that is an error.</exception>
    internal static bool TryFill(ImageSource source, ImagePreprocessor converter, InvalidImageHandling onInvalid, Span<float> chw)
    {
        try
        {
            source.Fill(converter, null, chw);
            return true;
        }
        catch (InvalidImageException) when (onInvalid == InvalidImageHandling.Missing)
        {
            return false;
        }
    }

    private static ImageBatch Convert(List<ImageSource> sources, ImagePreprocessor converter, InvalidImageHandling onInvalid)
    {
        bool[] invalid = new bool[sources.Count];
        float[] inputs = InputBatch.Prepare(
            sources.Count, converter, (i, chw) => invalid[i] = !TryFill(sources[i], converter, onInvalid, chw), "Lower ScoringBatchSize");
        return new ImageBatch(inputs, invalid);
    }
}

/// <summary>Network input of consecutive rows: [Count, channels, height, width].</summary>
/// <param name="Inputs">The numbers; those of an invalid image mean nothing.</param>
/// <param name="Invalid">One entry a row: whether its image could not be read.</param>
internal sealed record ImageBatch(float[] Inputs, bool[] Invalid)
{
    internal int Count => Invalid.Length;
}
