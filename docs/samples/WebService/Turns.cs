// Decides how many photos are processed at the same time, and how many pixels they may have together.
using System.Threading.RateLimiting;

namespace WebService;

/// <summary>
/// Thread-safe. Photos get their turn in the order in which they came. Beyond the number that may wait they are refused. Large photos also wait until the
/// pixels of the photos in progress leave room for theirs, because decoding takes memory for each pixel.
/// </summary>
internal sealed class Turns(ServiceSettings settings) : IDisposable
{
    private const int Pixels = 1_000_000;

    private readonly ConcurrencyLimiter _photos = Limiter(settings.Engines, settings.Waiting);

    /// <summary>In megapixels. Only photos that have their turn wait here, so the queue is as short as there are engines.</summary>
    private readonly ConcurrencyLimiter _megapixels = Limiter(settings.MegapixelsAtOnce, int.MaxValue);

    /// <summary>Explanations run in libtorch with gradients: slower than scoring, and with more memory. There is one at a time.</summary>
    private readonly ConcurrencyLimiter _explanations = Limiter(1, settings.Waiting);

    /// <summary>Whether the next photo would be refused.</summary>
    internal bool IsFull => _photos.GetStatistics() is { CurrentAvailablePermits: 0 } now && now.CurrentQueuedCount >= settings.Waiting;

    /// <summary>Waits for the turn of a photo; disposing the result ends it.</summary>
    /// <exception cref="RefusedException">Too many photos are waiting.</exception>
    /// <exception cref="OperationCanceledException">The client has closed the connection.</exception>
    internal async Task<IDisposable> WaitAsync(long pixels, CancellationToken cancellation)
    {
        var turn = await WaitAsync(_photos, 1, cancellation);
        try
        {
            int megapixels = (int)Math.Clamp((pixels + Pixels - 1) / Pixels, 1, settings.MegapixelsAtOnce);
            return new Both(turn, await WaitAsync(_megapixels, megapixels, cancellation));
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="WaitAsync(long, CancellationToken)"/>, for an explanation.</summary>
    internal async Task<IDisposable> WaitToExplainAsync(long pixels, CancellationToken cancellation)
    {
        var only = await WaitAsync(_explanations, 1, cancellation);
        try
        {
            return new Both(only, await WaitAsync(pixels, cancellation));
        }
        catch
        {
            only.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _photos.Dispose();
        _megapixels.Dispose();
        _explanations.Dispose();
    }

    private static ConcurrencyLimiter Limiter(int atOnce, int waiting) =>
        new(new ConcurrencyLimiterOptions { PermitLimit = atOnce, QueueLimit = waiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });

    private static async Task<IDisposable> WaitAsync(ConcurrencyLimiter limiter, int permits, CancellationToken cancellation)
    {
        var lease = await limiter.AcquireAsync(permits, cancellation);
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();
        throw new RefusedException(StatusCodes.Status503ServiceUnavailable, "Too many photos are waiting. Try again shortly.");
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
