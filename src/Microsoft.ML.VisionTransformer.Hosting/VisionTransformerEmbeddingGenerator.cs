// Embeds images for Microsoft.Extensions.AI: the features of a Vision Transformer, in batches and within limits.
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.AI;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Hosting.Models;
using Microsoft.ML.VisionTransformer.Hosting.Requests;

namespace Microsoft.ML.VisionTransformer.Hosting;

/// <summary>Thread-safe. One call takes one turn, however many images it has; it scores them in batches, and stops between two batches if it is canceled.</summary>
internal sealed class VisionTransformerEmbeddingGenerator : IEmbeddingGenerator<DataContent, Embedding<float>>
{
    private const string Output = "Embedding";

    private readonly LoadedModel _model;
    private readonly VisionTransformerFeatureTransformer _features;
    private readonly ImageReader _reader;
    private readonly Turns _turns;
    private readonly ServingMetrics _metrics;
    private readonly EmbeddingGeneratorMetadata _metadata;
    private readonly string _column;
    private readonly object _lock = new();
    private int _users;
    private bool _disposed;

    internal VisionTransformerEmbeddingGenerator(VisionTransformerEmbeddingOptions options, string name, IMeterFactory? meters)
    {
        var features = new VisionTransformerFeatureOptions { Kind = options.Kind, Normalize = options.Normalize };
        _model = ModelLoader.Load(options, (context, path, column) => FromCheckpoint(context, path, column, features));
        try
        {
            (_features, _column) = Features(_model, options, features);
            if (options.ScoringPrecision is { } precision)
                _features.ScoringPrecision = precision;
        }
        catch
        {
            _features?.Dispose();
            _model.Dispose();
            throw;
        }

        if (options.BatchSize is { } size)
            _features.ScoringBatchSize = size;
        _reader = new ImageReader(options);
        _turns = new Turns(options);
        _metrics = new ServingMetrics(meters, name, "embeddings", () => _turns.Waiting);
        _metadata = new("Microsoft.ML.VisionTransformer", null, options.Model is null ? null : Path.GetFileName(options.Model), _features.Dimension);
    }

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<DataContent> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.Dimensions is { } dimensions && dimensions != _features.Dimension)
        {
            throw new NotSupportedException(string.Create(
                CultureInfo.InvariantCulture, $"The options request embeddings of {dimensions} values; the network gives {_features.Dimension}. Leave Dimensions null."));
        }

        return _metrics.RecordAsync("embed", () => GenerateCoreAsync([.. values.Select(Bytes)], cancellationToken));
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        return serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType == typeof(VisionTransformerFeatureTransformer) ? _features
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_users > 0)
                return;
        }

        Free();
    }

    private static (VisionTransformerFeatureTransformer Features, string Column) Features(
        LoadedModel model, VisionTransformerEmbeddingOptions options, VisionTransformerFeatureOptions features)
    {
        if (model.Find<VisionTransformerFeatureTransformer>() is { } own)
            return (own, model.FindImageColumn(own, options.ImageColumn));
        var classifier = model.Find<VisionTransformerPredictionTransformer>()
            ?? throw new InvalidDataException($"{model.Source} contains no Vision Transformer: neither a classifier nor a feature transformer.");

        // The two share the weights.
        return (classifier.ToFeatureTransformer(Output, ModelLoader.DefaultColumn, features), ModelLoader.DefaultColumn);
    }

    private static VisionTransformerFeatureTransformer FromCheckpoint(MLContext context, string path, string column, VisionTransformerFeatureOptions features) =>
        context.Transforms.VisionTransformerFeatures(Output, column, new VisionTransformerFeatureOptions { PretrainedModel = path, Kind = features.Kind, Normalize = features.Normalize })
            .Fit(View(context, [], column));

    private byte[] Bytes(DataContent content, int index)
    {
        if (content?.HasTopLevelMediaType("image") != true)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture, $"Value {index} has the media type '{content?.MediaType}'; the network embeds images. Use a type such as image/jpeg."), "values");
        }

        // Before the bytes are copied.
        At(index, () =>
        {
            _reader.CheckLength(content.Data.Length);
            return true;
        });
        return content.Data.ToArray();
    }

    private static IDataView View(MLContext context, IReadOnlyCollection<byte[]> images, string column)
    {
        var schema = SchemaDefinition.Create(typeof(Photo));
        schema[nameof(Photo.Image)].ColumnName = column;
        return context.Data.LoadFromEnumerable(images.Select(image => new Photo { Image = image }), schema);
    }

    private async Task<GeneratedEmbeddings<Embedding<float>>> GenerateCoreAsync(byte[][] images, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        long[] pixels = [.. images.Select((image, index) => At(index, () => _reader.CountPixels(image)))];
        long largestBatch = pixels.Chunk(_features.ScoringBatchSize).Select(batch => batch.Sum()).DefaultIfEmpty().Max();
        using var turn = await _turns.WaitAsync(largestBatch, cancellation).ConfigureAwait(false);
        return await Task.Run(() => Embed(images, cancellation), cancellation).ConfigureAwait(false);
    }

    private GeneratedEmbeddings<Embedding<float>> Embed(byte[][] images, CancellationToken cancellation)
    {
        Use();
        try
        {
            var embeddings = new GeneratedEmbeddings<Embedding<float>>(images.Length);
            var created = DateTimeOffset.UtcNow;
            int batchSize = _features.ScoringBatchSize;
            for (int start = 0; start < images.Length; start += batchSize)
            {
                cancellation.ThrowIfCancellationRequested();
                foreach (float[] vector in Vectors(images, start, Math.Min(batchSize, images.Length - start)))
                    embeddings.Add(new Embedding<float>(vector) { CreatedAt = created, ModelId = _metadata.DefaultModelId });
            }

            return embeddings;
        }
        finally
        {
            Release();
        }
    }

    /// <summary>The vectors of one batch. If it fails, its images are scored one by one to name the one that cannot be read.</summary>
    private float[][] Vectors(byte[][] images, int start, int count)
    {
        try
        {
            return Vectors(images[start..(start + count)]);
        }
        catch (ImageRejectedException) when (count > 1)
        {
            return [.. Enumerable.Range(start, count).Select(index => At(index, () => Vectors([images[index]])[0]))];
        }
        catch (ImageRejectedException e)
        {
            throw At(start, e);
        }
    }

    private float[][] Vectors(byte[][] batch)
    {
        try
        {
            var scored = _features.Transform(View(_model.Context, batch, _column));
            float[][] vectors = [.. scored.GetColumn<float[]>(scored.Schema[^1])];
            return vectors.Length == batch.Length && Array.TrueForAll(vectors, v => v.Length == _features.Dimension && !Array.Exists(v, float.IsNaN))
                ? vectors
                : throw new ImageRejectedException(ImageRejection.Unreadable, "The photo cannot be read: it is damaged, incomplete, or not an image. Choose another photo.");
        }
        catch (InvalidImageException e)
        {
            throw ImageReader.Unreadable(e);
        }
    }

    private static T At<T>(int index, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ImageRejectedException e)
        {
            throw At(index, e);
        }
    }

    private static ImageRejectedException At(int index, ImageRejectedException e) =>
        new(e.Reason, string.Create(CultureInfo.InvariantCulture, $"Value {index}: {e.Message}"), e.InnerException);

    private void Use()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _users++;
        }
    }

    private void Release()
    {
        lock (_lock)
        {
            if (--_users > 0 || !_disposed)
                return;
        }

        Free();
    }

    private void Free()
    {
        _features.Dispose();
        _model.Dispose();
        _turns.Dispose();
        _metrics.Dispose();
    }

    private sealed class Photo
    {
        public byte[] Image { get; set; } = [];
    }
}
