// Scores one row at a time, for a PredictionEngine.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Images.Input;

namespace Microsoft.ML.VisionTransformer.Scoring.Rows;

/// <summary>Adds the columns of a <see cref="RowScorer"/> to one row at a time.</summary>
internal sealed class ScoringRowMapper(DataViewSchema input, DataViewSchema output, RowScorer scorer, ImageColumn image) : IRowToRowMapper
{
    public DataViewSchema InputSchema => input;

    public DataViewSchema OutputSchema => output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var needed = dependingColumns.ToArray();
        bool scores = needed.Any(c => c.Index >= input.Count);
        return input.Where(c => needed.Any(n => n.Index == c.Index) || (scores && c.Index == image.Column.Index));
    }

    public DataViewRow GetRow(DataViewRow row, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        scorer.ThrowIfDisposed();
        return new ScoringRow(row, output, ScoredRow.Active(output, activeColumns), scorer, image);
    }

    private sealed class ScoringRow : DataViewRow
    {
        private readonly DataViewRow _row;
        private readonly bool[] _active;
        private readonly RowScorer _scorer;
        private readonly Func<ImageSource>? _read;
        private readonly Delegate[] _getters;
        private readonly float[] _input;
        private float[] _values = [];
        private long _scoredPosition = -1;

        internal ScoringRow(DataViewRow row, DataViewSchema schema, bool[] active, RowScorer scorer, ImageColumn image)
        {
            Schema = schema;
            _row = row;
            _active = active;
            _scorer = scorer;
            bool scores = ScoredRow.AnyAdded(active, row.Schema);
            _read = scores ? image.Open(row) : null;
            _input = scores ? new float[scorer.Converter.Length] : [];
            _getters = scorer.Getters(Score);
        }

        public override DataViewSchema Schema { get; }

        public override long Position => _row.Position;

        public override long Batch => _row.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => _row.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => ScoredRow.Getter<TValue>(_row, _getters, _active, column);

        /// <summary>Scores the row once, regardless of how many added columns are read.</summary>
        private ReadOnlyMemory<float> Score()
        {
            if (_scoredPosition != _row.Position || _scoredPosition < 0)
            {
                // Invalidate first: if this image fails, its row must not return the scores of the previous row.
                _scoredPosition = -1;
                bool valid = ImageBatches.TryFill(_read!(), _scorer.Converter, _scorer.OnInvalidImage, _input);
                _values = _scorer.Compute(new ImageBatch(_input, [!valid]));
                _scoredPosition = _row.Position;
            }

            return _values;
        }
    }
}
