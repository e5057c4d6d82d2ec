// The folder of a model that is named by its id on a hub.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Finds a model in the cache shared with huggingface_hub, or downloads it into it.</summary>
internal static class HubModel
{
    /// <summary>What files of weights are called; a text that ends so means a file.</summary>
    private static readonly string[] _fileEndings = [".safetensors", ".npz", ".pth", ".pt", ".bin", ".json", ".onnx", ".zip", ".ckpt", ".h5"];

    /// <summary>
    /// Whether a text has the form of an id, such as <c>owner/name@revision</c>. Nothing is asked, and a path of two parts has that form as well: look
    /// for a file or folder of that name first.
    /// </summary>
    internal static bool LooksLikeId(string text) =>
        HubModelId.TryParse(text, out var id, out _) && !_fileEndings.Any(e => id.Repository.EndsWith(e, StringComparison.OrdinalIgnoreCase));

    /// <summary>The local folder of a model: its weights, and its <c>config.json</c> and <c>preprocessor_config.json</c> where it has them.</summary>
    /// <param name="id"><c>owner/name</c>, <c>name</c> or <c>owner/name@revision</c>, after <c>hf-hub:</c> or not.</param>
    /// <param name="settings">The hub, the cache and the patience.</param>
    /// <param name="log">Told of downloads, progress, waits and copies used in need; called by a thread of the pool, never by two at a time.</param>
    /// <param name="cancellation">Ends requests, waits and the wait for another process; what was downloaded stays to be continued.</param>
    /// <exception cref="ArgumentException">The text is no id.</exception>
    /// <exception cref="ModelDownloadException">The model is not in the cache and cannot be had.</exception>
    /// <exception cref="InvalidCheckpointException">The list of shards is broken, or names files outside the model's folder.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal static string Resolve(string id, HubSettings settings, Action<string> log, CancellationToken cancellation)
    {
        var parsed = HubModelId.Parse(id, nameof(id));
        // On the pool, so that a caller whose thread runs a message loop cannot lock itself up.
        return Task.Run(() => ResolveAsync(parsed, settings, log, cancellation), cancellation).GetAwaiter().GetResult();
    }

    private static async Task<string> ResolveAsync(HubModelId id, HubSettings settings, Action<string> log, CancellationToken cancellation)
    {
        var errors = new HubErrors(id, settings);
        var cache = new HubCache(id, settings, errors);
        string? cached = cache.FindUsable();
        if (settings.Offline)
            return cached ?? throw errors.Offline();
        using var client = new HubClient(settings, errors);
        try
        {
            return await new HubFetch(id, settings, errors, client, cache, log).RunAsync(attempts: cached is null ? settings.Attempts : 1, cancellation);
        }
        catch (ModelDownloadException e) when (cached is not null && e.AnOldCopyMayServe)
        {
            log($"{e.Message} The copy in {cached} is used.");
            return cached;
        }
    }
}
