// A collection of Microsoft.Extensions.VectorData in memory, which compares every vector: enough for some ten thousand photos.
using System.Linq.Expressions;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace PhotoSearch;

/// <summary>
/// The store of this sample. It has what a search needs, and no index, no files and no threads. A program with more photos uses the connector of a database instead.
/// </summary>
internal sealed class PhotoCollection(string name, IEmbeddingGenerator<DataContent, Embedding<float>> generator) : VectorStoreCollection<string, Photo>
{
    private readonly SortedDictionary<string, (Photo Photo, ReadOnlyMemory<float> Vector)> _photos = new(StringComparer.Ordinal);

    public override string Name => name;

    public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) => Task.FromResult(true);

    public override Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default)
    {
        _photos.Clear();
        return Task.CompletedTask;
    }

    public override Task<Photo?> GetAsync(string key, RecordRetrievalOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(_photos.TryGetValue(key, out var entry) ? entry.Photo : null);

    public override IAsyncEnumerable<Photo> GetAsync(
        Expression<Func<Photo, bool>> filter, int top, FilteredRecordRetrievalOptions<Photo>? options = null, CancellationToken cancellationToken = default) =>
        options?.OrderBy is null
            ? _photos.Values.Select(entry => entry.Photo).Where(filter.Compile()).Skip(options?.Skip ?? 0).Take(top).ToAsyncEnumerable()
            : throw new NotSupportedException("This collection returns photos in the order of their keys; leave OrderBy null.");

    public override Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        _photos.Remove(key);
        return Task.CompletedTask;
    }

    public override Task UpsertAsync(Photo record, CancellationToken cancellationToken = default) => UpsertAsync([record], cancellationToken);

    /// <summary>One call of the generator for all photos, which scores them in batches.</summary>
    public override async Task UpsertAsync(IEnumerable<Photo> records, CancellationToken cancellationToken = default)
    {
        Photo[] photos = [.. records];
        var images = photos.Select(photo => photo.Image ?? throw new ArgumentException($"{photo.Path} has no image.", nameof(records)));
        var embeddings = await generator.GenerateAsync(images, cancellationToken: cancellationToken);
        foreach (var (photo, embedding) in photos.Zip(embeddings))
            _photos[photo.File] = (new Photo { File = photo.File, Path = photo.Path }, embedding.Vector);
    }

    /// <summary>The most similar photos first. The score is the cosine similarity.</summary>
    public override async IAsyncEnumerable<VectorSearchResult<Photo>> SearchAsync<TInput>(
        TInput searchValue, int top, VectorSearchOptions<Photo>? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var query = searchValue switch
        {
            DataContent image => (await generator.GenerateAsync([image], cancellationToken: cancellationToken))[0].Vector,
            ReadOnlyMemory<float> vector => vector,
            Embedding<float> embedding => embedding.Vector,
            _ => throw new NotSupportedException($"Search with an image or a vector, not with {typeof(TInput).Name}."),
        };
        var filter = options?.Filter?.Compile() ?? (_ => true);
        var found = _photos.Values.Where(entry => filter(entry.Photo))
            .Select(entry => new VectorSearchResult<Photo>(entry.Photo, TensorPrimitives.CosineSimilarity(query.Span, entry.Vector.Span)))
            .Where(result => options?.ScoreThreshold is not { } least || result.Score >= least)
            .OrderByDescending(result => result.Score).Skip(options?.Skip ?? 0).Take(top);
        foreach (var result in found)
            yield return result;
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(VectorStoreCollectionMetadata) ? new VectorStoreCollectionMetadata { VectorStoreSystemName = "in memory", CollectionName = name }
        : serviceType.IsInstanceOfType(this) ? this
        : generator.GetService(serviceType);
}
