// Computes the added columns of a transformer from the images of its rows.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring.Engine;

namespace Microsoft.ML.VisionTransformer.Scoring.Rows;

/// <summary>
/// The common part of all transformers of this library: it finds the image column and adds columns computed from its images, lazily in batches or row by
/// row.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="image">Name of the image column.</param>
/// <param name="addColumns">Adds the columns to a schema.</param>
/// <param name="converter">Converts images to network input.</param>
/// <param name="onInvalidImage">How rows whose image cannot be read are handled.</param>
/// <param name="width">Values per row.</param>
/// <param name="compute">Computes values [count, width] from inputs [count, channels, height, width].</param>
/// <param name="getters">Creates the getters of the added columns, in order, over the values of the current row.</param>
internal sealed class RowScorer(
    ScoringNetwork network,
    string image,
    Func<DataViewSchema, DataViewSchema> addColumns,
    ImagePreprocessor converter,
    InvalidImageHandling onInvalidImage,
    int width,
    Func<float[], int, float[]> compute,
    Func<Func<ReadOnlyMemory<float>>, Delegate[]> getters)
{
    /// <summary>Name of the transformers' public property, for error messages.</summary>
    private const string BatchSizeProperty = "ScoringBatchSize";

    private int _batchSize = network.DefaultBatchSize;

    internal ImagePreprocessor Converter => converter;

    internal InvalidImageHandling OnInvalidImage => onInvalidImage;

    internal int Width => width;

    /// <summary>Rows scored per batch when a data view is read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1, or a batch of that size exceeds the largest array.</exception>
    internal int BatchSize
    {
        get => _batchSize;
        set
        {
            int max = Array.MaxLength / Math.Max(converter.Length, width);
            _batchSize = Guard.AtLeast(value, 1, BatchSizeProperty) <= max ? value : throw new ArgumentOutOfRangeException(
                BatchSizeProperty, value, $"{BatchSizeProperty} is {value}; for this network's image size it must be at most {max}.");
        }
    }

    /// <summary>A scorer of class probabilities at the model's temperature and of the most probable class.</summary>
    internal static RowScorer Classes(ScoringNetwork network, ModelDescription model) => new(
        network,
        model.Columns.Image,
        new ScoreColumns(model.Columns, model.Labels).AddTo,
        new ImagePreprocessor(model.Preprocessing),
        model.Columns.OnInvalidImage,
        network.Architecture.Classes,
        (inputs, count) => network.Probabilities(inputs, count, model.Temperature),
        current => [ScoredRow.PredictedLabelGetter(current), ScoredRow.ScoreGetter(current)]);

    /// <summary>A scorer of embeddings.</summary>
    internal static RowScorer Features(ScoringNetwork network, ImagePreprocessing preprocessing, FeatureColumn column) => new(
        network,
        column.Image,
        input => OutputColumns.Add(input, column.Output, network.Architecture.WidthOf(column.Kind)),
        new ImagePreprocessor(preprocessing),
        column.OnInvalidImage,
        network.Architecture.WidthOf(column.Kind),
        (inputs, count) => network.Features(inputs, count, column.Kind, column.Normalize),
        current => [ScoredRow.ScoreGetter(current)]);

    /// <summary>A scorer of attention maps of the predicted class.</summary>
    internal static RowScorer Explanations(ScoringNetwork network, ModelDescription model, ExplanationMethod method, string image, string output) => new(
        network,
        image,
        input => OutputColumns.Add(input, output, network.Architecture.Grid.Height, network.Architecture.Grid.Width),
        new ImagePreprocessor(model.Preprocessing),
        model.Columns.OnInvalidImage,
        network.Architecture.PatchTokens,
        (inputs, count) => network.Explain(inputs, count, method, target: null, model.Temperature).Values,
        current => [ScoredRow.ScoreGetter(current)]);

    /// <summary>The input columns, followed by the added columns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    internal DataViewSchema OutputSchema(DataViewSchema input)
    {
        FindImages(input);
        return addColumns(input);
    }

    /// <summary>The rows with the added columns, which are computed in batches when they are read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal BatchScoringView Transform(IDataView input)
    {
        Guard.NotNull(input);
        ThrowIfDisposed();
        return new BatchScoringView(input, addColumns(input.Schema), this, FindImages(input.Schema));
    }

    /// <summary>Computes row by row, for a <c>PredictionEngine</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal ScoringRowMapper RowMapper(DataViewSchema inputSchema)
    {
        ThrowIfDisposed();
        var images = FindImages(inputSchema);
        return new ScoringRowMapper(inputSchema, addColumns(inputSchema), this, images);
    }

    private ImageColumn FindImages(DataViewSchema schema) => ImageColumn.Of(Guard.NotNull(schema), image, converter.Settings);

    /// <summary>The values of each row; NaN if its image is invalid.</summary>
    internal float[] Compute(ImageBatch batch)
    {
        bool none = Array.TrueForAll(batch.Invalid, invalid => invalid);
        float[] values = none ? new float[batch.Count * width] : compute(batch.Inputs, batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch.Invalid[i])
                values.AsSpan(i * width, width).Fill(float.NaN);
        }

        return values;
    }

    internal Delegate[] Getters(Func<ReadOnlyMemory<float>> current) => getters(current);

    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal void ThrowIfDisposed() => network.ThrowIfDisposed();
}

/// <summary>Getters of the added columns of one row.</summary>
internal static class ScoredRow
{
    /// <summary>Key (from 1) of the largest probability; 0, the missing value, if there are none or all are NaN.</summary>
    internal static uint PredictedKey(ReadOnlySpan<float> probabilities)
    {
        int best = -1;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (!float.IsNaN(probabilities[i]) && (best < 0 || probabilities[i] > probabilities[best]))
                best = i;
        }

        return (uint)(best + 1);
    }

    /// <summary>Getter of PredictedLabel over the current row's probabilities.</summary>
    internal static ValueGetter<uint> PredictedLabelGetter(Func<ReadOnlyMemory<float>> current) =>
        (ref uint value) => value = PredictedKey(current().Span);

    /// <summary>Getter of a vector over the current row's values.</summary>
    internal static ValueGetter<VBuffer<float>> ScoreGetter(Func<ReadOnlyMemory<float>> current) =>
        (ref VBuffer<float> value) => VectorValues.CopyInto(current().Span, ref value);

    /// <summary>Which columns of a schema are requested, by column index.</summary>
    internal static bool[] Active(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columns)
    {
        bool[] active = new bool[schema.Count];
        foreach (var column in columns)
            active[column.Index] = true;
        return active;
    }

    /// <summary>Whether any added column is requested.</summary>
    internal static bool AnyAdded(bool[] active, DataViewSchema source) => Array.IndexOf(active, true, source.Count) >= 0;

    /// <summary>The getter of a column: the source row's for a source column, otherwise that of an added column.</summary>
    /// <param name="source">The source row.</param>
    /// <param name="added">Getters of the added columns.</param>
    /// <param name="active">Which columns were requested.</param>
    /// <param name="column">The column.</param>
    /// <exception cref="InvalidOperationException">The column was not requested, or has another type.</exception>
    internal static ValueGetter<T> Getter<T>(DataViewRow source, Delegate[] added, bool[] active, DataViewSchema.Column column)
    {
        if (!active[column.Index])
            throw new InvalidOperationException($"The column '{column.Name}' was not requested when the row or cursor was created. Request it there.");
        int index = column.Index - source.Schema.Count;
        if (index < 0)
            return source.GetGetter<T>(source.Schema[column.Index]);
        return added[index] as ValueGetter<T> ?? throw new InvalidOperationException(
            $"The column '{column.Name}' was requested as {typeof(T)}, but its type is {added[index].GetType().GetGenericArguments()[0]}.");
    }
}
