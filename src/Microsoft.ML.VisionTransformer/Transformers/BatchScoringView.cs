// The lazy result of Transform: scores are computed in batches while a cursor moves.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Transformers;

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
