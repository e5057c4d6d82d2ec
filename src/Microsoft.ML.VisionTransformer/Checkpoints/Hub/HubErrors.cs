// Error messages of the hub client: the request, the response, and what the user can do.
using System.Globalization;
using System.Net;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>
/// Errors for one model. Messages never contain the token or the query of a URL, which may be a signature that grants access to the file.
/// </summary>
internal sealed class HubErrors(HubModelId id, HubSettings settings)
{
    private const string LocalFolder = "download the model elsewhere and pass its folder, as in PretrainedModel = \"path/to/folder\"";

    private string Page => Shown(new Uri(settings.Endpoint, id.Repository));

    /// <summary>A URL as shown in messages.</summary>
    internal static string Shown(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>A size as shown in messages: bytes below 10^5, then MB of 10^6 bytes.</summary>
    internal static string Size(long bytes) =>
        bytes < 100_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");

    /// <summary>Every attempt failed.</summary>
    internal ModelDownloadException GaveUp(HubAttemptException last, int attempts) => new(
        Clean($"{id} could not be downloaded: {last.Message}{(attempts > 1 ? $" ({attempts} attempts)" : "")}. "
            + $"Check the network, the proxy and HF_ENDPOINT ({Shown(settings.Endpoint)}) and try again, or {LocalFolder}."),
        last.InnerException ?? last)
    { AnOldCopyMayServe = true };

    /// <summary>The hub itself returned 401 or 403.</summary>
    internal ModelDownloadException Refused(HttpResponseMessage response)
    {
        string remedy = response.StatusCode == HttpStatusCode.Unauthorized && settings.Token is null
            ? $"There is no such model, or it is private or gated: check the id; if {Page} exists, accept its license there "
                + "and set HF_TOKEN to your access token"
            : $"The token has no access to this model: accept the license at {Page}, set HF_TOKEN to a token of an account that has access, and check the id";
        return new(Clean($"{id} could not be downloaded: {DescribeResponse(response)}. {remedy}, or {LocalFolder}.")) { AnOldCopyMayServe = true };
    }

    /// <summary>The hub returned 404 for the model or the revision, not only for a file.</summary>
    internal ModelDownloadException NotFound(string what, HttpResponseMessage response, bool anOldCopyMayServe) => new(
        Clean($"There is no {what}: {DescribeResponse(response)}. Check the id against {Page}, or {LocalFolder}."))
    { AnOldCopyMayServe = anOldCopyMayServe };

    /// <summary>The hub returned 404 for every known weights file.</summary>
    internal ModelDownloadException NoWeights(IEnumerable<string> lookedFor, Uri last) => new(
        $"{id} has no supported weights file: the hub returned 404 (Not Found) for {string.Join(", ", lookedFor)}, the last at {Shown(last)}. "
        + $"The model does not exist or has other files: check the id against {Page}, or {LocalFolder}.");

    /// <summary>The index lists a file that does not exist.</summary>
    internal ModelDownloadException NoShard(string shard, Uri address) => new(
        $"{id} lacks {MessageText.Of(shard)}, which its {HubWeights.Index} lists: {Shown(address)} returned 404 (Not Found). "
        + $"The model is incomplete: try another revision, see {Page}/commits/main, or {LocalFolder}.");

    /// <summary>A response that a retry will not change.</summary>
    internal ModelDownloadException Unexpected(HttpResponseMessage response) => NoHub($"{DescribeResponse(response)}, which is not a hub's response");

    /// <summary>The response is not one that a hub sends.</summary>
    internal ModelDownloadException NoHub(Uri address, string problem) => NoHub($"{Shown(address)} {problem}");

    /// <summary>The bytes do not match the size or hash that the hub reported.</summary>
    internal ModelDownloadException Corrupt(HubFile file, string problem, int downloads) => new(
        Clean($"{id}: {file.Name} from {Shown(file.Location)} {problem}, after {downloads} downloads; the file was deleted. "
        + $"The server or a proxy modifies the file: try again later, use another HF_ENDPOINT, or {LocalFolder}."));

    /// <summary>The branch moved during every attempt to download the files.</summary>
    internal ModelDownloadException KeepsChanging(int rounds) => new(
        $"{id} changed on the hub {rounds} times during the download. "
        + $"Try again later, or specify a commit: {id.Repository}@<commit>, see {Page}/commits/main.");

    /// <summary>Network access is disabled and the cache does not have the model.</summary>
    internal ModelDownloadException Offline() => new(
        $"{id} is not in {settings.CacheFolder}, and HF_HUB_OFFLINE disables downloads. "
        + $"Unset HF_HUB_OFFLINE, or download the model on a machine with network access and set HF_HUB_CACHE to that cache, or {LocalFolder}.");

    /// <summary>The cache folder cannot be used.</summary>
    internal ModelDownloadException Disk(string path, Exception cause) => new(
        $"{id} could not be stored: {path} cannot be used: {cause.Message.TrimEnd('.')}. "
        + "Free disk space, or set HF_HUB_CACHE to a writable folder with enough space.", cause);

    /// <summary>Text such as "GET https://... returned 500 (Internal Server Error)", followed by the server's error message if there is one.</summary>
    internal static string DescribeResponse(HttpResponseMessage response)
    {
        var headers = response.Headers.NonValidated;
        string serverMessage = headers.TryGetValues("X-Error-Message", out var values) ? $": \"{MessageText.Of(values)}\"" : "";
        var request = response.RequestMessage!;
        return $"{request.Method} {Shown(request.RequestUri!)} returned {(int)response.StatusCode} ({Name(response.StatusCode)}){serverMessage}";
    }

    /// <summary>The status as a fixed text, because the server's reason phrase is untrusted.</summary>
    private static string Name(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => "Not Found",
        HttpStatusCode.TooManyRequests => "Too Many Requests",
        HttpStatusCode.InternalServerError => "Internal Server Error",
        HttpStatusCode.BadGateway => "Bad Gateway",
        HttpStatusCode.ServiceUnavailable => "Service Unavailable",
        HttpStatusCode.GatewayTimeout => "Gateway Timeout",
        HttpStatusCode.RequestTimeout => "Request Timeout",
        _ => status.ToString(),
    };

    private ModelDownloadException NoHub(string what) => new(
        Clean($"{id} could not be downloaded: {what}. Check HF_ENDPOINT ({Shown(settings.Endpoint)}) and the proxy, or {LocalFolder}."))
    { AnOldCopyMayServe = true };

    /// <summary>Removes the token, which a server could send back in its error message.</summary>
    internal string Clean(string message) =>
        settings.Token is { Length: > 0 } token ? message.Replace(token, "***", StringComparison.Ordinal) : message;
}
