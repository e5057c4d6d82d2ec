// Repeats what may work the next time, with growing waits between.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
