// The lazy result of Transform: a data view and cursor that score in batches, and the reader of the image batches.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Scoring.Rows;

/// <summary>
/// The input with the columns that the model adds. A cursor that needs an added column runs a second cursor over the image column, ahead of the main
/// one, and scores its images in batches. A cursor that needs none of them adds no cost.
/// </summary>
internal sealed class BatchScoringView(IDataView source, DataViewSchema schema, RowScorer scorer, ImageColumn image) : IDataView
{
    public DataViewSchema Schema => schema;

    /// <summary>The image column.</summary>
    internal ImageColumn Image => image;

    /// <summary>Always false: rows are scored in order.</summary>
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

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private IEnumerable<ImageBatch> Batches()
    {
        using var lookAhead = image.OpenCursor(source, image.Column);
        foreach (var batch in ImageBatches.Read(lookAhead, image, scorer.Converter, scorer.OnInvalidImage, scorer.BatchSize))
            yield return batch;
    }
}

/// <summary>A cursor over the source rows that scores the next batch when the current one is used up.</summary>
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

    /// <param name="schema">The source columns, followed by the added columns.</param>
    /// <param name="main">Cursor over the needed source columns.</param>
    /// <param name="active">Which columns are needed.</param>
    /// <param name="scorer">Scores the batches.</param>
    /// <param name="batches">The images in batches, in row order; null if no scores are needed.</param>
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
            throw new InvalidOperationException("The data had fewer rows when it was read a second time. A data view must return the same rows each time.");
        _values = _scorer.Compute(batch);
        (_rowInBatch, _rowsInBatch) = (0, batch.Count);
    }

    private ReadOnlyMemory<float> Current() => _values.AsMemory(_rowInBatch * _scorer.Width, _scorer.Width);
}

/// <summary>Converts the images of a cursor to batches of network input.</summary>
internal static class ImageBatches
{
    /// <summary>Reads a cursor to its end; the images of a batch are decoded in parallel.</summary>
    /// <param name="cursor">Cursor with the image column active; used only on the enumerating thread.</param>
    /// <param name="column">The image column.</param>
    /// <param name="converter">Converts images to network input.</param>
    /// <param name="onInvalid">How images that cannot be read are handled.</param>
    /// <param name="size">Rows per batch; the last batch may be smaller.</param>
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

    /// <summary>Writes one input; returns false if the image cannot be read and <paramref name="onInvalid"/> allows it.</summary>
    /// <exception cref="InvalidImageException">The image cannot be read, and <paramref name="onInvalid"/> does not allow it.</exception>
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
/// <param name="Inputs">The values; those of an invalid image are undefined.</param>
/// <param name="Invalid">One entry per row: whether the image could not be read.</param>
internal sealed record ImageBatch(float[] Inputs, bool[] Invalid)
{
    internal int Count => Invalid.Length;
}
