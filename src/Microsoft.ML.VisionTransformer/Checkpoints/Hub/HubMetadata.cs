// Requests a file's metadata from a hub: commit, hash, size and download location.
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Sends HEAD requests for one model's files, as huggingface_hub does.</summary>
/// <remarks>
/// For a large file the hub redirects to another host. That redirect is not followed if its headers already give commit, hash and size
/// (<c>X-Repo-Commit</c>, <c>X-Linked-Etag</c>, <c>X-Linked-Size</c>). Redirects within the host, for renamed models and small files, are followed.
/// </remarks>
internal sealed partial class HubMetadata(HubModelId id, HubSettings settings, HubErrors errors, HubClient client)
{
    /// <summary>The commit in the last response, even if the file was not found; null if the response had none.</summary>
    internal string? Commit { get; private set; }

    /// <summary>The URL of a file of the model.</summary>
    internal Uri Address(string file) => new(
        settings.Endpoint, $"{id.Repository}/resolve/{Uri.EscapeDataString(id.Revision)}/{Uri.EscapeDataString(file)}");

    /// <summary>Makes one attempt to request a file's metadata; null if the model does not have the file.</summary>
    /// <exception cref="HubAttemptException">Another attempt may succeed.</exception>
    /// <exception cref="ModelDownloadException">The model or revision does not exist, access is denied, or the response is not a hub's.</exception>
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
            throw errors.NoHub(address, $"did not send {(Commit is null ? "X-Repo-Commit" : "ETag")}, which a hub sends for every file");
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
        "RepoNotFound" => throw errors.NotFound($"model {id.Repository}", response, anOldCopyMayServe: true),
        "RevisionNotFound" => throw errors.NotFound($"revision {id.Revision} of {id.Repository}", response, anOldCopyMayServe: false),
        _ => null,
    };

    /// <summary>Returns the value if it is safe as a file name. These values become file names, and a server must not choose paths.</summary>
    private string PlainName(string value, string header, Uri address) => NameForm().IsMatch(value)
        ? value
        : throw errors.NoHub(address, $"sent {header} '{MessageText.Of(value)}', but a hash is expected");

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}\z")]
    private static partial Regex NameForm();

    /// <summary>The headers of a chain of redirects; later responses override earlier ones.</summary>
    private sealed class Headers
    {
        private string? _linkedEtag;
        private string? _ownEtag;
        private long? _linkedBytes;
        private long? _ownBytes;

        internal string? Commit { get; private set; }

        internal string? Etag => Normal(_linkedEtag ?? _ownEtag);

        internal long? Bytes => _linkedBytes ?? _ownBytes;

        /// <summary>Whether the redirects so far have provided all required values.</summary>
        internal bool IsComplete => Commit is not null && _linkedEtag is not null && _linkedBytes is not null;

        internal void Add(HttpResponseMessage response)
        {
            Commit = Header(response, "X-Repo-Commit") ?? Commit;
            _linkedEtag = Header(response, "X-Linked-Etag") ?? _linkedEtag;
            if (long.TryParse(Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
                _linkedBytes = bytes;
            if ((int)response.StatusCode is >= 300 and < 400)
                return;    // ETag and length describe the redirect's own page
            _ownEtag = Header(response, "ETag");
            _ownBytes = response.Content.Headers.ContentLength;
        }

        /// <summary>Removes the weak-tag prefix and the quotes.</summary>
        private static string? Normal(string? etag) => etag is null ? null : (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');
    }
}

/// <summary>A hub's metadata for one file at one commit.</summary>
/// <param name="Name">The file name in the model's folder.</param>
/// <param name="Address">The URL that was requested.</param>
/// <param name="Location">The URL of the content; on another host for large files.</param>
/// <param name="Commit">The commit of the revision.</param>
/// <param name="Etag">The SHA-256 of a large file or the git blob SHA-1 of a small one; checked to be a plain file name.</param>
/// <param name="Bytes">The size in bytes; null if the hub does not report it.</param>
internal sealed record HubFile(string Name, Uri Address, Uri Location, string Commit, string Etag, long? Bytes);
