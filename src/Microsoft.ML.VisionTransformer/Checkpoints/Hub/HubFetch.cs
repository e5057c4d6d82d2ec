// Brings the files of one model into the cache, all of one commit.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>One run over the files of a model.</summary>
internal sealed class HubFetch(HubModelId id, HubSettings settings, HubErrors errors, HubClient client, HubCache cache, Action<string> log)
{
    /// <summary>How often a branch may move while it is downloaded.</summary>
    private const int MostRounds = 3;

    private readonly HubMetadata _metadata = new(id, settings, errors, client);
    private readonly HubDownload _download = new(settings, errors, client, cache, log);

    /// <summary>The commit whose files are brought; null until the first answer tells it.</summary>
    private string? _commit = id.IsCommit ? id.Revision : null;

    /// <summary>An answer told another commit than one before it: the files so far may not fit those to come.</summary>
    private bool _moved;

    /// <summary>The folder with the files.</summary>
    /// <param name="attempts">Most attempts to ask about a file; a download has its own number.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<string> RunAsync(int attempts, CancellationToken cancellation)
    {
        for (int round = 1; round <= MostRounds; round++)
        {
            _moved = false;
            foreach (string file in HubWeights.Companions)
                await BringAsync(file, attempts, cancellation);
            await BringWeightsAsync(attempts, cancellation);
            if (_moved)
                continue;
            Note(() => cache.WriteReference(_commit!));
            return cache.Snapshot(_commit!);
        }

        throw errors.Moving(MostRounds);
    }

    private async Task BringWeightsAsync(int attempts, CancellationToken cancellation)
    {
        foreach (string file in HubWeights.InOrder)
        {
            if (!await BringAsync(file, attempts, cancellation))
                continue;
            if (file == HubWeights.Index)
                await BringShardsAsync(attempts, cancellation);
            return;
        }

        if (!_moved)
            throw errors.NoWeights(HubWeights.InOrder, _metadata.Address(HubWeights.InOrder[^1]));
    }

    private async Task BringShardsAsync(int attempts, CancellationToken cancellation)
    {
        foreach (string shard in cache.Shards(_commit!))
        {
            if (!await BringAsync(shard, attempts, cancellation) && !_moved)
                throw errors.NoShard(shard, _metadata.Address(shard));
        }
    }

    /// <summary>
    /// Whether the model has the file, which is in the commit's folder then. What is known of a commit is not asked again: commits do not change.
    /// </summary>
    private async Task<bool> BringAsync(string name, int attempts, CancellationToken cancellation)
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
            Note(() => cache.WriteAbsent(commit, name));
        return file is not null;
    }

    private void Follow(string? commit, string name)
    {
        if (commit is null || commit == _commit)
            return;
        if (id.IsCommit)
            throw errors.NoHub(_metadata.Address(name), $"answered for the commit {commit} instead");
        _moved |= _commit is not null;
        _commit = commit;
    }

    /// <summary>Gives the file its place in the commit's folder, downloading its blob unless the cache has it.</summary>
    private async Task StoreAsync(HubFile file, CancellationToken cancellation)
    {
        if (cache.Has(file.Commit, file.Name))
            return;
        using var held = await LockAsync(file, cancellation);
        if (cache.Has(file.Commit, file.Name))    // another process was faster
            return;
        bool isNew = !HubCache.IsThere(cache.Blob(file.Etag));
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

        void Waiting() => log($"Another process downloads {file.Name} of {id}; waiting for {path}.");
    }

    /// <summary>Writes what spares a later request; a cache that can only be read serves all the same.</summary>
    private void Note(Action write)
    {
        try
        {
            write();
        }
        catch (ModelDownloadException e)
        {
            log($"{e.Message} The model is used all the same.");
        }
    }
}

/// <summary>The files of a model that are looked for on a hub.</summary>
internal static class HubWeights
{
    /// <summary>A list of shards, which is worth something only with all of them.</summary>
    internal const string Index = "model.safetensors.index.json";

    /// <summary>Fetched where the model has them.</summary>
    internal static readonly IReadOnlyList<string> Companions = ["config.json", "preprocessor_config.json"];

    /// <summary>One of these is needed; the first that the model has is taken.</summary>
    internal static readonly IReadOnlyList<string> InOrder = ["model.safetensors", Index, "pytorch_model.bin", "open_clip_model.safetensors"];
}
