// What a model computes from each image, and how its columns show it.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Transformers;

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
        float[] numbers = none ? new float[batch.Count * width] : compute(batch.Inputs, batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch.Invalid[i])
                numbers.AsSpan(i * width, width).Fill(float.NaN);
        }

        return numbers;
    }

    internal Delegate[] Getters(Func<ReadOnlyMemory<float>> current) => getters(current);

    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal void ThrowIfDisposed() => network.ThrowIfDisposed();
}
