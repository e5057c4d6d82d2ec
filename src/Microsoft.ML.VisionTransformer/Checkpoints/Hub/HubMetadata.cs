// Asks a hub about one file: which commit, which content, how large, where.
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>HEAD requests of one model, as huggingface_hub makes them.</summary>
/// <remarks>
/// A large file is answered with a redirect to another host; it is not followed once the redirect itself tells commit, hash and size
/// (<c>X-Repo-Commit</c>, <c>X-Linked-Etag</c>, <c>X-Linked-Size</c>). A renamed model and a small file are redirects within the host, which are followed.
/// </remarks>
internal sealed partial class HubMetadata(HubModelId id, HubSettings settings, HubErrors errors, HubClient client)
{
    /// <summary>The commit that the last answer named, also when the file was not there; null where it named none.</summary>
    internal string? Commit { get; private set; }

    /// <summary>Where a file of the model is asked for.</summary>
    internal Uri Address(string file) => new(
        settings.Endpoint, $"{id.Repository}/resolve/{Uri.EscapeDataString(id.Revision)}/{Uri.EscapeDataString(file)}");

    /// <summary>One attempt to learn about a file; null where the model does not have it.</summary>
    /// <exception cref="HubAttemptException">Another attempt may succeed.</exception>
    /// <exception cref="ModelDownloadException">The model or revision does not exist, access is refused, or the answer is not a hub's.</exception>
    internal async Task<HubFile?> AskAsync(string file, CancellationToken cancellation)
    {
        var address = Address(file);
        var seen = new Headers();
        var location = address;
        using var response = await client.SendAsync(HttpMethod.Head, address, 0, settings.MetadataTimeout, Keep, cancellation);
        seen.Add(response);
        Commit = seen.Commit is null ? null : PlainName(seen.Commit, "X-Repo-Commit", address);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return NotFound(response);
        if (Commit is null || seen.Etag is null)
            throw errors.NoHub(address, $"answered without {(Commit is null ? "X-Repo-Commit" : "ETag")}, which a hub gives with every file");
        return new HubFile(file, address, location, Commit, PlainName(seen.Etag, "ETag", address), seen.Bytes);

        bool Keep(HttpResponseMessage redirect, Uri target)
        {
            seen.Add(redirect);
            location = target;
            return seen.IsComplete && !HubClient.IsSameHost(redirect.RequestMessage!.RequestUri!, target);
        }
    }

    private HubFile? NotFound(HttpResponseMessage response) => Header(response, "X-Error-Code") switch
    {
        "RepoNotFound" => throw errors.NoSuch($"model {id.Repository}", response, anOldCopyMayServe: true),
        "RevisionNotFound" => throw errors.NoSuch($"revision {id.Revision} of {id.Repository}", response, anOldCopyMayServe: false),
        _ => null,
    };

    /// <summary>These become names of files: a server must not choose a path.</summary>
    private string PlainName(string value, string header, Uri address) => NameForm().IsMatch(value)
        ? value
        : throw errors.NoHub(address, $"answered with {header} '{MessageText.Of(value)}', a hash is expected");

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}\z")]
    private static partial Regex NameForm();

    /// <summary>What the answers on the way said; a later one overrides an earlier one.</summary>
    private sealed class Headers
    {
        private string? _linkedEtag;
        private string? _ownEtag;
        private long? _linkedBytes;
        private long? _ownBytes;

        internal string? Commit { get; private set; }

        internal string? Etag => Normal(_linkedEtag ?? _ownEtag);

        internal long? Bytes => _linkedBytes ?? _ownBytes;

        /// <summary>The redirects alone tell all that is needed.</summary>
        internal bool IsComplete => Commit is not null && _linkedEtag is not null && _linkedBytes is not null;

        internal void Add(HttpResponseMessage response)
        {
            Commit = Header(response, "X-Repo-Commit") ?? Commit;
            _linkedEtag = Header(response, "X-Linked-Etag") ?? _linkedEtag;
            if (long.TryParse(Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
                _linkedBytes = bytes;
            if ((int)response.StatusCode is >= 300 and < 400)
                return;    // its ETag and length are those of the redirect's own page
            _ownEtag = Header(response, "ETag");
            _ownBytes = response.Content.Headers.ContentLength;
        }

        /// <summary>Without the marks of a weak tag and the quotes.</summary>
        private static string? Normal(string? etag) => etag is null ? null : (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');
    }
}

/// <summary>What a hub says of one file before it is downloaded. One file at one commit.</summary>
/// <param name="Name">Its name in the model's folder.</param>
/// <param name="Address">The address that was asked for.</param>
/// <param name="Location">Where its bytes are; another host for large files.</param>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Etag">The SHA-256 of a large file, the git blob SHA-1 of a small one; checked to be a plain file name.</param>
/// <param name="Bytes">Its size; null where the hub does not say.</param>
internal sealed record HubFile(string Name, Uri Address, Uri Location, string Commit, string Etag, long? Bytes);
