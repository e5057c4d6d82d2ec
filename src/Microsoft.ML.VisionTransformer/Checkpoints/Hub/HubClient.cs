// Requests to a hub: redirects, the token, time limits, what each status means, and what is tried again.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Sends requests as huggingface_hub does: nothing is compressed, and the token goes to the endpoint's own scheme, host and port alone.</summary>
internal sealed class HubClient : IDisposable
{
    /// <summary>As many as browsers follow.</summary>
    private const int MostRedirects = 20;

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
            UseProxy = !settings.Endpoint.IsLoopback,    // a proxy cannot reach a mirror on this machine
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends, and follows redirects until one is to be kept.</summary>
    /// <param name="method">HEAD or GET.</param>
    /// <param name="address">What to ask for.</param>
    /// <param name="from">First byte wanted; 0 asks for the whole file.</param>
    /// <param name="timeout">Longest wait for each answer's headers.</param>
    /// <param name="keep">Sees each redirect and its target; true ends with that answer.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <returns>An answer of status 2xx, 404 or 416, or a redirect that is kept.</returns>
    /// <exception cref="HubAttemptException">Another attempt may succeed.</exception>
    /// <exception cref="ModelDownloadException">No attempt will.</exception>
    internal async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri address, long from, TimeSpan timeout, Func<HttpResponseMessage, Uri, bool> keep, CancellationToken cancellation)
    {
        bool atHome = true;    // once another host has had a say, no later address gets the token
        for (int redirects = 0; ; redirects++)
        {
            atHome &= IsSameHost(address, _settings.Endpoint);
            var response = await SendOnceAsync(method, address, from, atHome, timeout, cancellation);
            try
            {
                if (Target(response) is not { } target)
                {
                    Check(response, atHome);
                    return response;
                }

                if (keep(response, target))
                    return response;
                if (redirects == MostRedirects)
                    throw _errors.NoHub(address, $"redirects without end, {MostRedirects} redirects were followed");
                if (address.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps)
                    throw _errors.NoHub(address, $"redirects from https to {HubErrors.Shown(target)}, which anyone on the way could change");
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

    /// <summary>The same scheme, host and port.</summary>
    internal static bool IsSameHost(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, Uri address, long from, bool withToken, TimeSpan timeout, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.UserAgent.ParseAdd(HubSettings.UserAgent);
        request.Headers.AcceptEncoding.ParseAdd("identity");    // sizes and hashes are those of the plain file
        if (from > 0)
            request.Headers.Range = new RangeHeaderValue(from, null);
        if (withToken && _settings.Token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _settings.Token);
        return await WithinAsync(
            timeout, $"{method} {HubErrors.Shown(address)}", token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellation);
    }

    /// <summary>Waits for the network at most that long; every failure of it becomes one of an attempt.</summary>
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
            throw new HubAttemptException($"{what} brought nothing for {timeout.TotalSeconds:0.###} s", e);
        }
        catch (HttpRequestException e)
        {
            throw new HubAttemptException($"{what} failed: {Reason(e)}", e) { IsFinal = e.HttpRequestError == HttpRequestError.SecureConnectionError };
        }
        catch (IOException e)
        {
            throw new HubAttemptException($"{what} broke off: {Reason(e)}", e);
        }
    }

    private static Uri? Target(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect
            or HttpStatusCode.PermanentRedirect
        && response.Headers.Location is { } location
            && new Uri(response.RequestMessage!.RequestUri!, location) is { Scheme: "http" or "https" } target
            ? target
            : null;

    private void Check(HttpResponseMessage response, bool atHome)
    {
        switch (response.StatusCode)
        {
            case >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices or HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable:
                return;
            case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout:
                throw new HubAttemptException(_errors.Clean(HubErrors.DescribeResponse(response))) { RetryAfter = RetryAfter(response.Headers.RetryAfter) };
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden when atHome:
                throw _errors.Refused(response);
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:    // a signed address that has expired; the hub makes a new one
                throw new HubAttemptException(_errors.Clean(HubErrors.DescribeResponse(response)));
            default:
                throw _errors.Unexpected(response);
        }
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header?.Delta ?? header?.Date - _settings.Clock.GetUtcNow();

    /// <summary>The innermost message: "Connection refused" says more than "An error occurred while sending the request".</summary>
    private static string Reason(Exception e) => MessageText.Of(e.GetBaseException().Message.TrimEnd('.'));
}

/// <summary>Repeats what may work the next time, with growing waits between.</summary>
internal static class HubRetry
{
    /// <summary>Runs an attempt until one succeeds, or <paramref name="attempts"/> in a row failed without progress.</summary>
    /// <param name="settings">Waits and their source.</param>
    /// <param name="attempts">Most attempts, at least 1.</param>
    /// <param name="attempt">One attempt; a <see cref="HubAttemptException"/> asks for another. Its argument counts from 1 without a reset.</param>
    /// <param name="progressed">Whether more is there than ever before; the count begins again then.</param>
    /// <param name="log">Told of each wait.</param>
    /// <param name="giveUp">The error after the last attempt.</param>
    /// <param name="cancellation">Ends attempts and waits.</param>
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
    /// The wait after that many failures: first x 2^(failed - 1), at most the longest, of which a random half is left away so that clients which failed
    /// together do not come back together; at least what the server asks for, as far as that is allowed.
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
/// One attempt at a request failed in a way that another may not. Never leaves the hub client: <see cref="HubRetry"/> turns the last of them into a
/// <see cref="ModelDownloadException"/>.
/// </summary>
internal sealed class HubAttemptException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The wait that the server asks for; null where it does not.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Another attempt would end the same way, as with a certificate that is not trusted.</summary>
    internal bool IsFinal { get; init; }
}
