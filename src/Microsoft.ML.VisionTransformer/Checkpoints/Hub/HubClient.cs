// HTTP requests to a hub: redirects, access token, timeouts, status codes and retries.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Sends requests as huggingface_hub does: without compression, and with the token only for the endpoint's own scheme, host and port.</summary>
internal sealed class HubClient : IDisposable
{
    /// <summary>The limit that browsers use.</summary>
    private const int MaxRedirects = 20;

    private readonly HubSettings _settings;
    private readonly HubErrors _errors;
    private readonly HttpClient _http;

    internal HubClient(HubSettings settings, HubErrors errors)
    {
        (_settings, _errors) = (settings, errors);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = !settings.Endpoint.IsLoopback,    // a proxy cannot reach a mirror on the local machine
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends a request and follows redirects until <paramref name="keep"/> returns true.</summary>
    /// <param name="method">HEAD or GET.</param>
    /// <param name="address">The URL.</param>
    /// <param name="from">The first byte to request; 0 requests the whole file.</param>
    /// <param name="timeout">Timeout for each response's headers.</param>
    /// <param name="keep">Receives each redirect and its target; returns true to stop and return that response.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>A response with status 2xx, 404 or 416, or the redirect that was kept.</returns>
    /// <exception cref="HubAttemptException">Another attempt may succeed.</exception>
    /// <exception cref="ModelDownloadException">Another attempt will not succeed.</exception>
    internal async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri address, long from, TimeSpan timeout, Func<HttpResponseMessage, Uri, bool> keep, CancellationToken cancellation)
    {
        bool onHubHost = true;    // after a redirect through another host, no later URL receives the token
        for (int redirects = 0; ; redirects++)
        {
            onHubHost &= IsSameHost(address, _settings.Endpoint);
            var response = await SendOnceAsync(method, address, from, onHubHost, timeout, cancellation);
            try
            {
                if (Target(response) is not { } target)
                {
                    Check(response, onHubHost);
                    return response;
                }

                if (keep(response, target))
                    return response;
                if (redirects == MaxRedirects)
                    throw _errors.NoHub(address, $"redirects too often: {MaxRedirects} redirects were followed");
                if (address.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps)
                    throw _errors.NoHub(address, $"redirects from https to {HubErrors.Shown(target)}, which is not protected against tampering");
                address = target;
            }
            catch
            {
                response.Dispose();
                throw;
            }

            response.Dispose();
        }
    }

    /// <summary>Whether scheme, host and port are the same.</summary>
    internal static bool IsSameHost(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, Uri address, long from, bool withToken, TimeSpan timeout, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.UserAgent.ParseAdd(HubSettings.UserAgent);
        request.Headers.AcceptEncoding.ParseAdd("identity");    // sizes and hashes refer to the uncompressed file
        if (from > 0)
            request.Headers.Range = new RangeHeaderValue(from, null);
        if (withToken && _settings.Token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _settings.Token);
        return await WithinAsync(
            timeout, $"{method} {HubErrors.Shown(address)}", token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation);
    }

    /// <summary>Runs a network operation with a timeout and converts its errors to <see cref="HubAttemptException"/>.</summary>
    internal static async Task<T> WithinAsync<T>(TimeSpan timeout, string what, Func<CancellationToken, Task<T>> action, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            return await action(limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new HubAttemptException($"{what} received no data for {timeout.TotalSeconds:0.###} s", e);
        }
        catch (HttpRequestException e)
        {
            throw new HubAttemptException($"{what} failed: {Reason(e)}", e) { IsFinal = e.HttpRequestError == HttpRequestError.SecureConnectionError };
        }
        catch (IOException e)
        {
            throw new HubAttemptException($"{what} was interrupted: {Reason(e)}", e);
        }
    }

    private static Uri? Target(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect
            or HttpStatusCode.PermanentRedirect
        && response.Headers.Location is { } location
            && new Uri(response.RequestMessage!.RequestUri!, location) is { Scheme: "http" or "https" } target
            ? target
            : null;

    private void Check(HttpResponseMessage response, bool onHubHost)
    {
        switch (response.StatusCode)
        {
            case >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices or HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable:
                return;
            case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout:
                throw new HubAttemptException(_errors.Clean(HubErrors.DescribeResponse(response))) { RetryAfter = RetryAfter(response.Headers.RetryAfter) };
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden when onHubHost:
                throw _errors.Refused(response);
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:    // an expired signed URL; the hub issues a new one
                throw new HubAttemptException(_errors.Clean(HubErrors.DescribeResponse(response)));
            default:
                throw _errors.Unexpected(response);
        }
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header?.Delta ?? header?.Date - _settings.Clock.GetUtcNow();

    /// <summary>The innermost message: "Connection refused" is more useful than "An error occurred while sending the request".</summary>
    private static string Reason(Exception e) => MessageText.Of(e.GetBaseException().Message.TrimEnd('.'));
}

/// <summary>Retries failed attempts with exponential backoff.</summary>
internal static class HubRetry
{
    /// <summary>Runs attempts until one succeeds, or <paramref name="attempts"/> consecutive ones fail without progress.</summary>
    /// <param name="settings">The delays.</param>
    /// <param name="attempts">Most consecutive attempts, at least 1.</param>
    /// <param name="attempt">One attempt; a <see cref="HubAttemptException"/> causes a retry. Its argument counts all attempts from 1.</param>
    /// <param name="progressed">Whether the last attempt made progress; the count of failures then restarts.</param>
    /// <param name="log">Receives a message about each delay.</param>
    /// <param name="giveUp">Creates the error after the last attempt.</param>
    /// <param name="cancellation">Cancels attempts and delays.</param>
    internal static async Task<T> RunAsync<T>(
        HubSettings settings, int attempts, Func<int, Task<T>> attempt, Func<bool> progressed, Action<string> log,
        Func<HubAttemptException, int, ModelDownloadException> giveUp, CancellationToken cancellation)
    {
        for (int failed = 1, run = 1; ; failed++, run++)
        {
            try
            {
                return await attempt(run);
            }
            catch (HubAttemptException e)
            {
                cancellation.ThrowIfCancellationRequested();
                if (progressed())
                    failed = 1;
                if (e.IsFinal || failed >= attempts)
                    throw giveUp(e, failed);
                var delay = Wait(failed, e.RetryAfter, settings);
                log($"{e.Message}; trying again in {delay.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s ({failed + 1} of {attempts}).");
                await settings.Delay(delay, cancellation);
            }
        }
    }

    /// <summary>
    /// The delay after a number of failures: first x 2^(failed - 1), capped at the longest delay, and reduced by up to half at random to spread clients that
    /// failed at the same time. The delay is never shorter than the server's Retry-After, up to its limit.
    /// </summary>
    internal static TimeSpan Wait(int failed, TimeSpan? retryAfter, HubSettings settings)
    {
        double doubled = settings.FirstDelay.TotalSeconds * Math.Pow(2, failed - 1);
        double seconds = Math.Min(doubled, settings.LongestDelay.TotalSeconds) * (1 - 0.5 * settings.Jitter());
        double asked = Math.Min((retryAfter ?? TimeSpan.Zero).TotalSeconds, settings.LongestRetryAfter.TotalSeconds);
        return TimeSpan.FromSeconds(Math.Max(seconds, asked));
    }
}

/// <summary>
/// An attempt failed, and a retry may succeed. This exception never leaves the hub client: <see cref="HubRetry"/> converts the last one to a
/// <see cref="ModelDownloadException"/>.
/// </summary>
internal sealed class HubAttemptException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The server's Retry-After delay; null if it sent none.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether a retry would fail the same way, as with an untrusted certificate.</summary>
    internal bool IsFinal { get; init; }
}
