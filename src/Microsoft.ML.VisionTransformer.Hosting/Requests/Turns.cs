// Decides how many requests run at the same time, and how many pixels their images may have together.
using System.Threading.RateLimiting;

namespace Microsoft.ML.VisionTransformer.Hosting.Requests;

/// <summary>
/// Thread-safe. Requests get their turn in the order of arrival. Beyond the number that may wait they are rejected. Requests with large images also wait until
/// the pixels of the images in progress leave enough of the limit, because decoding takes memory for each pixel.
/// </summary>
internal sealed class Turns(VisionTransformerModelOptions options) : IDisposable
{
    private const int Pixels = 1_000_000;

    private readonly ConcurrencyLimiter _requests = Limiter(options.Engines, options.QueueLimit);

    /// <summary>In megapixels. Only requests that have their turn wait here, so the queue is as short as there are engines.</summary>
    private readonly ConcurrencyLimiter _megapixels = Limiter(options.MegapixelsAtOnce, int.MaxValue);

    /// <summary>Explanations run in libtorch with gradients: slower than scoring, and with more memory. There is one at a time.</summary>
    private readonly ConcurrencyLimiter _explanations = Limiter(1, options.QueueLimit);

    private int _waiting;
    private volatile bool _closed;

    /// <summary>Whether the next request would be rejected.</summary>
    internal bool IsFull => _requests.GetStatistics() is { CurrentAvailablePermits: 0 } now && now.CurrentQueuedCount >= options.QueueLimit;

    /// <summary>The number of requests that wait for their turn.</summary>
    internal int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits for the turn of a request; disposing the result ends it.</summary>
    /// <exception cref="ServingBusyException">Too many requests are waiting.</exception>
    /// <exception cref="OperationCanceledException">The request was canceled while it waited.</exception>
    /// <exception cref="ObjectDisposedException">The service was disposed while the request waited.</exception>
    internal Task<IDisposable> WaitAsync(long pixels, CancellationToken cancellation) => CountAsync(TurnAsync(pixels, cancellation));

    /// <summary>As <see cref="WaitAsync"/>, for an explanation.</summary>
    internal Task<IDisposable> WaitToExplainAsync(long pixels, CancellationToken cancellation) =>
        CountAsync(BothAsync(AcquireAsync(_explanations, 1, cancellation), () => TurnAsync(pixels, cancellation)));

    public void Dispose()
    {
        _closed = true;
        _requests.Dispose();
        _megapixels.Dispose();
        _explanations.Dispose();
    }

    private Task<IDisposable> TurnAsync(long pixels, CancellationToken cancellation)
    {
        int megapixels = (int)Math.Clamp((pixels + Pixels - 1) / Pixels, 1, options.MegapixelsAtOnce);
        return BothAsync(AcquireAsync(_requests, 1, cancellation), () => AcquireAsync(_megapixels, megapixels, cancellation));
    }

    private async Task<IDisposable> CountAsync(Task<IDisposable> turn)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            return await turn.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private static ConcurrencyLimiter Limiter(int atOnce, int waiting) =>
        new(new ConcurrencyLimiterOptions { PermitLimit = atOnce, QueueLimit = waiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });

    private static async Task<IDisposable> BothAsync(Task<IDisposable> first, Func<Task<IDisposable>> second)
    {
        var acquired = await first.ConfigureAwait(false);
        try
        {
            return new Both(acquired, await second().ConfigureAwait(false));
        }
        catch
        {
            acquired.Dispose();
            throw;
        }
    }

    private async Task<IDisposable> AcquireAsync(ConcurrencyLimiter limiter, int permits, CancellationToken cancellation)
    {
        var lease = await limiter.AcquireAsync(permits, cancellation).ConfigureAwait(false);
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();

        // Disposing a limiter ends the requests that wait.
        ObjectDisposedException.ThrowIf(_closed, typeof(VisionTransformerClassifier));
        throw new ServingBusyException("Too many photos are waiting. Try again shortly.");
    }

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            second.Dispose();
            first.Dispose();
        }
    }
}
