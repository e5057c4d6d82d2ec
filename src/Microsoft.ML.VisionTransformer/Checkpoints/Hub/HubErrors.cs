// The messages of the hub client: what was tried, what came back, what to do.
using System.Globalization;
using System.Net;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>
/// Errors about one model. No message holds the token, and none the query of an address, which may be a signature that opens the file.
/// </summary>
internal sealed class HubErrors(HubModelId id, HubSettings settings)
{
    private const string LocalFolder = "fetch the model elsewhere and pass its folder, as in PretrainedModel = \"path/to/folder\"";

    private string Page => Shown(new Uri(settings.Endpoint, id.Repository));

    /// <summary>An address as messages show it.</summary>
    internal static string Shown(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>A size as messages show it: bytes up to 10^5, then units of 10^6.</summary>
    internal static string Size(long bytes) =>
        bytes < 100_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes") : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");

    /// <summary>Every attempt failed.</summary>
    internal ModelDownloadException GaveUp(HubAttemptException last, int attempts) => new(
        Clean($"{id} could not be downloaded: {last.Message}{(attempts > 1 ? $" ({attempts} attempts)" : "")}. "
            + $"Check the network, the proxy and HF_ENDPOINT ({Shown(settings.Endpoint)}) and try again, or {LocalFolder}."),
        last.InnerException ?? last)
    { AnOldCopyMayServe = true };

    /// <summary>401 and 403 from the hub itself.</summary>
    internal ModelDownloadException Refused(HttpResponseMessage response)
    {
        string remedy = response.StatusCode == HttpStatusCode.Unauthorized && settings.Token is null
            ? $"There is no such model, or it is private or gated: check the id; if {Page} exists, accept its licence there "
                + "and set HF_TOKEN to your access token"
            : $"The token may not read this model: accept the licence at {Page}, set HF_TOKEN to an access token of an account that may, and check the id";
        return new(Clean($"{id} could not be downloaded: {DescribeResponse(response)}. {remedy}, or {LocalFolder}.")) { AnOldCopyMayServe = true };
    }

    /// <summary>404 for the model or the revision, not for a file alone.</summary>
    internal ModelDownloadException NoSuch(string what, HttpResponseMessage response, bool anOldCopyMayServe) => new(
        Clean($"There is no {what}: {DescribeResponse(response)}. Check the id against {Page}, or {LocalFolder}."))
    { AnOldCopyMayServe = anOldCopyMayServe };

    /// <summary>Every file of weights was answered with 404.</summary>
    internal ModelDownloadException NoWeights(IEnumerable<string> lookedFor, Uri last) => new(
        $"{id} has no weights that are read here: looked for {string.Join(", ", lookedFor)}, each answered with 404 (Not Found), the last at {Shown(last)}. "
        + $"There is no such model, or it has other files: check the id against {Page}, or {LocalFolder}.");

    /// <summary>The index names a file that is not there.</summary>
    internal ModelDownloadException NoShard(string shard, Uri address) => new(
        $"{id} lacks {MessageText.Of(shard)}, which its {HubWeights.Index} names: {Shown(address)} answered 404 (Not Found). "
        + $"The model is not complete: try another revision, see {Page}/commits/main, or {LocalFolder}.");

    /// <summary>An answer that no attempt will change.</summary>
    internal ModelDownloadException Unexpected(HttpResponseMessage response) => NoHub($"{DescribeResponse(response)}, which is no answer of a hub");

    /// <summary>The answer came, but is not what a hub answers.</summary>
    internal ModelDownloadException NoHub(Uri address, string problem) => NoHub($"{Shown(address)} {problem}");

    /// <summary>The bytes are not those that the hub announced.</summary>
    internal ModelDownloadException Corrupt(HubFile file, string problem, int downloads) => new(
        Clean($"{id}: {file.Name} from {Shown(file.Location)} {problem}, after {downloads} downloads; nothing was kept. "
            + $"The server or a proxy between changes the file: try again later, use another HF_ENDPOINT, or {LocalFolder}."));

    /// <summary>The branch moved each time the files were looked at.</summary>
    internal ModelDownloadException Moving(int rounds) => new(
        $"{id} changed on the hub {rounds} times while it was downloaded. "
        + $"Try again later, or name a commit: {id.Repository}@<commit>, see {Page}/commits/main.");

    /// <summary>Nothing may be asked, and nothing is there.</summary>
    internal ModelDownloadException Offline() => new(
        $"{id} is not in {settings.CacheFolder}, and HF_HUB_OFFLINE forbids to download it. "
        + $"Unset HF_HUB_OFFLINE, or download the model first where there is a network and set HF_HUB_CACHE to that cache, or {LocalFolder}.");

    /// <summary>The cache folder cannot be used.</summary>
    internal ModelDownloadException Disk(string path, Exception cause) => new(
        $"{id} could not be stored: {path} cannot be used: {cause.Message.TrimEnd('.')}. "
        + "Make room, or set HF_HUB_CACHE to a folder that can be written and has room.", cause);

    /// <summary>"GET https://... answered 500 (Internal Server Error)", with the server's own words where it has some.</summary>
    internal static string DescribeResponse(HttpResponseMessage response)
    {
        var headers = response.Headers.NonValidated;
        string words = headers.TryGetValues("X-Error-Message", out var values) ? $": \"{MessageText.Of(values)}\"" : "";
        var request = response.RequestMessage!;
        return $"{request.Method} {Shown(request.RequestUri!)} answered {(int)response.StatusCode} ({Name(response.StatusCode)}){words}";
    }

    /// <summary>The status in words of this library: the server's reason is text from outside.</summary>
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

    /// <summary>A server could send the token back in its own words.</summary>
    internal string Clean(string message) =>
        settings.Token is { Length: > 0 } token ? message.Replace(token, "***", StringComparison.Ordinal) : message;
}
