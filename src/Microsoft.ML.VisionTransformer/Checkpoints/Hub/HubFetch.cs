// Downloads the files of one model to the cache, all from the same commit.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Downloads the files of one model.</summary>
internal sealed class HubFetch(HubModelId id, HubSettings settings, HubErrors errors, HubClient client, HubCache cache, Action<string> log)
{
    /// <summary>How often the download starts over when the branch moves.</summary>
    private const int MaxRounds = 3;

    private readonly HubMetadata _metadata = new(id, settings, errors, client);
    private readonly HubDownload _download = new(settings, errors, client, cache, log);

    /// <summary>The commit to download; null until the first response names it.</summary>
    private string? _commit = id.IsCommit ? id.Revision : null;

    /// <summary>Whether a response named another commit than an earlier one. The files downloaded so far may then not match later ones.</summary>
    private bool _moved;

    /// <summary>Downloads the files and returns their folder.</summary>
    /// <param name="attempts">Most attempts to request a file's metadata; downloads have their own limit.</param>
    /// <param name="cancellation">Cancels the download.</param>
    internal async Task<string> RunAsync(int attempts, CancellationToken cancellation)
    {
        for (int round = 1; round <= MaxRounds; round++)
        {
            _moved = false;
            foreach (string file in HubWeights.Companions)
                await FetchAsync(file, attempts, cancellation);
            await FetchWeightsAsync(attempts, cancellation);
            if (_moved)
                continue;
            TryWrite(() => cache.WriteReference(_commit!));
            return cache.Snapshot(_commit!);
        }

        throw errors.KeepsChanging(MaxRounds);
    }

    private async Task FetchWeightsAsync(int attempts, CancellationToken cancellation)
    {
        foreach (string file in HubWeights.InOrder)
        {
            if (!await FetchAsync(file, attempts, cancellation))
                continue;
            if (file == HubWeights.Index)
                await FetchShardsAsync(attempts, cancellation);
            return;
        }

        if (!_moved)
            throw errors.NoWeights(HubWeights.InOrder, _metadata.Address(HubWeights.InOrder[^1]));
    }

    private async Task FetchShardsAsync(int attempts, CancellationToken cancellation)
    {
        foreach (string shard in cache.Shards(_commit!))
        {
            if (!await FetchAsync(shard, attempts, cancellation) && !_moved)
                throw errors.NoShard(shard, _metadata.Address(shard));
        }
    }

    /// <summary>
    /// Downloads the file to the commit's folder if necessary. Returns whether the model has the file. What the cache knows about a commit is not requested
    /// again, because commits do not change.
    /// </summary>
    private async Task<bool> FetchAsync(string name, int attempts, CancellationToken cancellation)
    {
        if (_commit is not null && cache.Has(_commit, name))
            return true;
        if (_commit is not null && cache.IsKnownAbsent(_commit, name))
            return false;
        var file = await HubRetry.RunAsync(
            settings, attempts, _ => _metadata.AskAsync(name, cancellation), progressed: () => false, log, errors.GaveUp, cancellation);
        Follow(_metadata.Commit, name);
        if (file is not null)
            await StoreAsync(file, cancellation);
        else if (_metadata.Commit is { } commit)
            TryWrite(() => cache.WriteAbsent(commit, name));
        return file is not null;
    }

    private void Follow(string? commit, string name)
    {
        if (commit is null || commit == _commit)
            return;
        if (id.IsCommit)
            throw errors.NoHub(_metadata.Address(name), $"returned the commit {commit} instead");
        _moved |= _commit is not null;
        _commit = commit;
    }

    /// <summary>Links the file into the commit's folder, and downloads its blob unless the cache has it.</summary>
    private async Task StoreAsync(HubFile file, CancellationToken cancellation)
    {
        if (cache.Has(file.Commit, file.Name))
            return;
        using var held = await LockAsync(file, cancellation);
        if (cache.Has(file.Commit, file.Name))    // another process downloaded it meanwhile
            return;
        bool isNew = !HubCache.Exists(cache.Blob(file.Etag));
        if (isNew)
        {
            log($"Downloading {file.Name}{(file.Bytes is { } bytes ? $" ({HubErrors.Size(bytes)})" : "")} of {id} from {HubErrors.Shown(file.Location)}");
            await _download.FetchAsync(file, cancellation);
        }

        cache.Link(file.Commit, file.Name, file.Etag, isNew);
    }

    private async Task<FileStream> LockAsync(HubFile file, CancellationToken cancellation)
    {
        string path = cache.Lock(file.Etag);
        try
        {
            return await HubLock.TakeAsync(path, settings.LockInterval, Waiting, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw errors.Disk(path, e);
        }

        void Waiting() => log($"Another process is downloading {file.Name} of {id}; waiting for {path}.");
    }

    /// <summary>Writes a record that saves a later request. A read-only cache is not an error.</summary>
    private void TryWrite(Action write)
    {
        try
        {
            write();
        }
        catch (ModelDownloadException e)
        {
            log($"{e.Message} The model is used anyway.");
        }
    }
}

/// <summary>The files that are requested for a model.</summary>
internal static class HubWeights
{
    /// <summary>The shard index; usable only with all of its shards.</summary>
    internal const string Index = "model.safetensors.index.json";

    /// <summary>Optional files.</summary>
    internal static readonly IReadOnlyList<string> Companions = ["config.json", "preprocessor_config.json"];

    /// <summary>Weights files in order of preference; the model must have at least one.</summary>
    internal static readonly IReadOnlyList<string> InOrder = ["model.safetensors", Index, "pytorch_model.bin", "open_clip_model.safetensors"];
}
