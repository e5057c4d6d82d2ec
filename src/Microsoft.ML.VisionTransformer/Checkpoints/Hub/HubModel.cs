// Resolves a hub model id to a local folder, and parses ids.
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Finds a model in the cache shared with huggingface_hub, or downloads it to the cache.</summary>
internal static class HubModel
{
    /// <summary>Extensions of weights files; a text with one of these is a file name, not an id.</summary>
    private static readonly string[] _fileEndings = [".safetensors", ".npz", ".pth", ".pt", ".bin", ".json", ".onnx", ".zip", ".ckpt", ".h5"];

    /// <summary>
    /// Whether a text has the form of an id, such as <c>owner/name@revision</c>. No request is sent. A relative path with two parts has the same form, so
    /// check for an existing file or folder first.
    /// </summary>
    internal static bool LooksLikeId(string text) =>
        HubModelId.TryParse(text, out var id, out _) && !LooksLikeFile(id.Repository);

    /// <summary>Whether a text ends in an extension of weights files.</summary>
    internal static bool LooksLikeFile(string text) => _fileEndings.Any(e => text.EndsWith(e, StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns the local folder of a model: its weights, and <c>config.json</c> and <c>preprocessor_config.json</c> if the model has them.</summary>
    /// <param name="id"><c>owner/name</c>, <c>name</c> or <c>owner/name@revision</c>, optionally prefixed with <c>hf-hub:</c>.</param>
    /// <param name="settings">Endpoint, cache folder, timeouts and retries.</param>
    /// <param name="log">
    /// Receives messages about downloads, progress, waits and fallbacks to a cached copy. Called on thread pool threads, one at a time.
    /// </param>
    /// <param name="cancellation">Cancels requests, delays and the wait for another process. Partial downloads are kept and can be resumed.</param>
    /// <exception cref="ArgumentException">The text is not a model id.</exception>
    /// <exception cref="ModelDownloadException">The model is not in the cache and cannot be downloaded.</exception>
    /// <exception cref="InvalidCheckpointException">The shard index is invalid, or lists files outside the model's folder.</exception>
    /// <exception cref="OperationCanceledException">The operation was canceled.</exception>
    internal static string Resolve(string id, HubSettings settings, Action<string> log, CancellationToken cancellation)
    {
        var parsed = HubModelId.Parse(id, nameof(id));
        // Run on the thread pool: a caller with a synchronization context would deadlock otherwise.
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
            log($"{e.Message} Using the cached copy in {cached}.");
            return cached;
        }
    }
}

/// <summary>
/// A validated model id: owner, name and revision. No part can escape the cache folder or change the URL that it is inserted into.
/// </summary>
/// <param name="Repository"><c>owner/name</c>, or only <c>name</c> for the oldest models.</param>
/// <param name="Revision">A branch, a tag, or a commit of 40 hexadecimal digits.</param>
/// <remarks>
/// The rules for the repository are those of huggingface_hub's <c>validate_repo_id</c>, limited to ASCII. The rules for the revision are git's rules for
/// reference names (git-check-ref-format).
/// </remarks>
internal sealed partial record HubModelId(string Repository, string Revision)
{
    internal const string DefaultRevision = "main";

    private const string Forms = "\"owner/name\", \"name\" or \"owner/name@revision\", optionally prefixed with \"hf-hub:\"";

    /// <summary>timm's prefixes for hub ids.</summary>
    private static readonly string[] _prefixes = ["hf-hub:", "hf_hub:"];

    /// <summary>Whether the revision is a commit, so its files never change.</summary>
    internal bool IsCommit => Commit().IsMatch(Revision);

    /// <exception cref="ArgumentException">The text is not a model id; the message states the broken rule and the valid forms.</exception>
    internal static HubModelId Parse(string text, string argument)
    {
        if (TryParse(text, out var id, out string? broken))
            return id;
        throw new ArgumentException(
            $"'{MessageText.Of(text)}' is not a model id: {broken}. An id is {Forms}; pass an id, or the path of a file or folder.", argument);
    }

    /// <param name="text">The text to parse.</param>
    /// <param name="id">The id; valid if the method returns true.</param>
    /// <param name="broken">The broken rule; null if there is none.</param>
    internal static bool TryParse(string text, [NotNullWhen(true)] out HubModelId? id, [NotNullWhen(false)] out string? broken)
    {
        string? prefix = Array.Find(_prefixes, p => text.StartsWith(p, StringComparison.Ordinal));
        string[] parts = text[(prefix?.Length ?? 0)..].Split('@', 2);
        id = new HubModelId(parts[0], parts.Length == 2 ? parts[1] : DefaultRevision);
        broken = BrokenRule(id.Repository) ?? (IsRevision(id.Revision) ? null : "the text after '@' must be a branch, a tag or a commit");
        return broken is null;
    }

    public override string ToString() => Revision == DefaultRevision ? Repository : $"{Repository}@{Revision}";

    private static string? BrokenRule(string repository)
    {
        if (repository.Count(c => c == '/') > 1)
            return "it has more than one '/'";
        if (!RepositoryForm().IsMatch(repository))
            return "owner and name must consist of letters, digits, '-', '_' and '.' and start and end with a letter, a digit or '_'; "
                + "the name has at most 96 characters";
        if (repository.Contains("--", StringComparison.Ordinal) || repository.Contains("..", StringComparison.Ordinal))
            return "'--' and '..' are not allowed";
        return repository.EndsWith(".git", StringComparison.Ordinal) ? "a name must not end in '.git'" : null;
    }

    private static bool IsRevision(string revision) => revision.Length <= 200 && RevisionForm().IsMatch(revision)
        && !revision.Contains("..", StringComparison.Ordinal) && !revision.Contains("@{", StringComparison.Ordinal)
        && revision.Split('/').All(part => part.Length > 0 && part[0] != '.' && !part.EndsWith('.') && !part.EndsWith(".lock", StringComparison.Ordinal));

    [GeneratedRegex(@"^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?/)?(?=.{1,96}\z)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\z")]
    private static partial Regex RepositoryForm();

    /// <summary>No control characters, and no characters that are special in git, Windows file names or URLs.</summary>
    [GeneratedRegex(@"^[^\x00-\x20\x7f~^:?*\[\\<>|""#%]+\z")]
    private static partial Regex RevisionForm();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
