// What a model computes from each image, and how its columns show it.
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
/// What all our transformers have in common: they find the image column and add columns that are computed from its images, lazily in batches or row by row.
/// </summary>
/// <param name="network">Computes.</param>
/// <param name="image">The image column.</param>
/// <param name="addColumns">Adds the columns to a schema.</param>
/// <param name="converter">How images become the network's input.</param>
/// <param name="onInvalidImage">What becomes of a row whose image cannot be read.</param>
/// <param name="width">Numbers of one row.</param>
/// <param name="compute">Numbers [count, width] of inputs [count, channels, height, width].</param>
/// <param name="getters">Getters of the columns that are added, in their order, over the numbers of the current row.</param>
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
    /// <summary>The name of the transformers' public property, for messages.</summary>
    private const string BatchSizeProperty = "ScoringBatchSize";

    private int _batchSize = network.DefaultBatchSize;

    internal ImagePreprocessor Converter => converter;

    internal InvalidImageHandling OnInvalidImage => onInvalidImage;

    internal int Width => width;

    /// <summary>Rows scored at a time when a data view is read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1, or no array holds the images of a batch.</exception>
    internal int BatchSize
    {
        get => _batchSize;
        set
        {
            int most = Array.MaxLength / Math.Max(converter.Length, width);
            _batchSize = Guard.AtLeast(value, 1, BatchSizeProperty) <= most ? value : throw new ArgumentOutOfRangeException(
                BatchSizeProperty, value, $"ScoringBatchSize is {value}; for images of this network it must be at most {most}.");
        }
    }

    /// <summary>The class probabilities at the model's temperature, and the most probable class.</summary>
    internal static RowScorer Classes(ScoringNetwork network, ModelDescription model) => new(
        network,
        model.Columns.Image,
        new ScoreColumns(model.Columns, model.Labels).AddTo,
        new ImagePreprocessor(model.Preprocessing),
        model.Columns.OnInvalidImage,
        network.Architecture.Classes,
        (inputs, count) => network.Probabilities(inputs, count, model.Temperature),
        current => [ScoredRow.PredictedLabelGetter(current), ScoredRow.ScoreGetter(current)]);

    /// <summary>The embedding.</summary>
    internal static RowScorer Features(ScoringNetwork network, ImagePreprocessing preprocessing, FeatureColumn column) => new(
        network,
        column.Image,
        input => OutputColumns.Add(input, column.Output, network.Architecture.WidthOf(column.Kind)),
        new ImagePreprocessor(preprocessing),
        column.OnInvalidImage,
        network.Architecture.WidthOf(column.Kind),
        (inputs, count) => network.Features(inputs, count, column.Kind, column.Normalize),
        current => [ScoredRow.ScoreGetter(current)]);

    /// <summary>The attention map of the predicted class.</summary>
    internal static RowScorer Explanations(ScoringNetwork network, ModelDescription model, ExplanationMethod method, string image, string output) => new(
        network,
        image,
        input => OutputColumns.Add(input, output, network.Architecture.Grid.Height, network.Architecture.Grid.Width),
        new ImagePreprocessor(model.Preprocessing),
        model.Columns.OnInvalidImage,
        network.Architecture.PatchTokens,
        (inputs, count) => network.Explain(inputs, count, method, target: null, model.Temperature).Values,
        current => [ScoredRow.ScoreGetter(current)]);

    /// <summary>The input's columns, then those that are added.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    internal DataViewSchema OutputSchema(DataViewSchema input)
    {
        FindImages(input);
        return addColumns(input);
    }

    /// <summary>The rows with the columns that are added, computed in batches when they are read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal BatchScoringView Transform(IDataView input)
    {
        Guard.NotNull(input);
        ThrowIfDisposed();
        return new BatchScoringView(input, addColumns(input.Schema), this, FindImages(input.Schema));
    }

    /// <summary>Computes row by row, for a <c>PredictionEngine</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of a type that cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal ScoringRowMapper RowMapper(DataViewSchema inputSchema)
    {
        ThrowIfDisposed();
        var images = FindImages(inputSchema);
        return new ScoringRowMapper(inputSchema, addColumns(inputSchema), this, images);
    }

    private ImageColumn FindImages(DataViewSchema schema) => ImageColumn.Of(Guard.NotNull(schema), image, converter.Settings);

    /// <summary>The numbers of each row; NaN where the image is invalid.</summary>
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

/// <summary>Probabilities of one row and the key of the most probable class.</summary>
internal static class ScoredRow
{
    /// <summary>Key (from 1) of the largest probability; 0, the missing value, where there are none or they are not numbers.</summary>
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

    /// <summary>Getter of a vector over the current row's numbers.</summary>
    internal static ValueGetter<VBuffer<float>> ScoreGetter(Func<ReadOnlyMemory<float>> current) =>
        (ref VBuffer<float> value) => VectorValues.CopyInto(current().Span, ref value);

    /// <summary>Which columns of a schema are asked for, by their number.</summary>
    internal static bool[] Active(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columns)
    {
        bool[] active = new bool[schema.Count];
        foreach (var column in columns)
            active[column.Index] = true;
        return active;
    }

    /// <summary>Whether a column is asked for that the source does not have.</summary>
    internal static bool AnyAdded(bool[] active, DataViewSchema source) => Array.IndexOf(active, true, source.Count) >= 0;

    /// <summary>The getter of a column: the source row's own, or behind its columns one of those that scoring adds.</summary>
    /// <param name="source">The row that is scored.</param>
    /// <param name="added">Getters of the added columns.</param>
    /// <param name="active">Which columns were asked for.</param>
    /// <param name="column">The column wanted.</param>
    /// <exception cref="InvalidOperationException">The column was not asked for, or has another type.</exception>
    internal static ValueGetter<T> Getter<T>(DataViewRow source, Delegate[] added, bool[] active, DataViewSchema.Column column)
    {
        if (!active[column.Index])
            throw new InvalidOperationException($"The column '{column.Name}' was not asked for when the row or cursor was made.");
        int number = column.Index - source.Schema.Count;
        if (number < 0)
            return source.GetGetter<T>(source.Schema[column.Index]);
        return added[number] as ValueGetter<T>
            ?? throw new InvalidOperationException($"The column '{column.Name}' was asked for as {typeof(T)}; it is {added[number].GetType().GetGenericArguments()[0]}.");
    }
}
