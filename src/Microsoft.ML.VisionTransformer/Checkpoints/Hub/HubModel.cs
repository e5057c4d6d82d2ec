// The folder of a model that is named by its id on a hub.
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

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

/// <summary>
/// The name of a model on a hub: owner, name and revision, parsed from what a user types. A checked name: neither part can leave the folder it is put into, nor
/// change the address it becomes part of.
/// </summary>
/// <param name="Repository"><c>owner/name</c>, or <c>name</c> alone for the oldest models.</param>
/// <param name="Revision">A branch, a tag or a commit of 40 hexadecimal digits.</param>
/// <remarks>
/// The rules for the repository are those of huggingface_hub's <c>validate_repo_id</c>, in ASCII; those for the revision are git's own for the names of
/// references (git-check-ref-format).
/// </remarks>
internal sealed partial record HubModelId(string Repository, string Revision)
{
    internal const string DefaultRevision = "main";

    private const string Forms = "\"owner/name\", \"name\" or \"owner/name@revision\", after \"hf-hub:\" if you like";

    /// <summary>How timm marks ids that are meant for the hub.</summary>
    private static readonly string[] _prefixes = ["hf-hub:", "hf_hub:"];

    /// <summary>The revision is a commit, whose files never change.</summary>
    internal bool IsCommit => Commit().IsMatch(Revision);

    /// <exception cref="ArgumentException">The text is no id; the message says which forms there are and which rule is broken.</exception>
    internal static HubModelId Parse(string text, string argument)
    {
        if (TryParse(text, out var id, out string? broken))
            return id;
        throw new ArgumentException(
            $"'{MessageText.Of(text)}' is no model id: {broken}. An id is {Forms}; pass one, or the path of a file or folder.", argument);
    }

    /// <param name="text">What the user typed.</param>
    /// <param name="id">The id; null where there is none.</param>
    /// <param name="broken">The rule that the text breaks; null where it keeps all.</param>
    internal static bool TryParse(string text, [NotNullWhen(true)] out HubModelId? id, [NotNullWhen(false)] out string? broken)
    {
        string? prefix = Array.Find(_prefixes, p => text.StartsWith(p, StringComparison.Ordinal));
        string[] parts = text[(prefix?.Length ?? 0)..].Split('@', 2);
        id = new HubModelId(parts[0], parts.Length == 2 ? parts[1] : DefaultRevision);
        broken = BrokenRule(id.Repository) ?? (IsRevision(id.Revision) ? null : "after '@' comes a branch, a tag or a commit");
        return broken is null;
    }

    public override string ToString() => Revision == DefaultRevision ? Repository : $"{Repository}@{Revision}";

    private static string? BrokenRule(string repository)
    {
        if (repository.Count(c => c == '/') > 1)
            return "it has more than one '/'";
        if (!RepositoryForm().IsMatch(repository))
            return "owner and name are of letters, digits, '-', '_' and '.', begin and end with a letter, a digit or '_', and the name has at most 96";
        if (repository.Contains("--", StringComparison.Ordinal) || repository.Contains("..", StringComparison.Ordinal))
            return "'--' and '..' are not allowed";
        return repository.EndsWith(".git", StringComparison.Ordinal) ? "a name does not end in '.git'" : null;
    }

    private static bool IsRevision(string revision) => revision.Length <= 200 && RevisionForm().IsMatch(revision)
        && !revision.Contains("..", StringComparison.Ordinal) && !revision.Contains("@{", StringComparison.Ordinal)
        && revision.Split('/').All(part => part.Length > 0 && part[0] != '.' && !part.EndsWith('.') && !part.EndsWith(".lock", StringComparison.Ordinal));

    [GeneratedRegex(@"^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?/)?(?=.{1,96}\z)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\z")]
    private static partial Regex RepositoryForm();

    /// <summary>No control character, and none that git, a Windows file name or an address gives a meaning.</summary>
    [GeneratedRegex(@"^[^\x00-\x20\x7f~^:?*\[\\<>|""#%]+\z")]
    private static partial Regex RevisionForm();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
