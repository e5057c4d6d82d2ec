// Produces items on a background thread, a few ahead of the consumer.
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Runs an enumeration in the background with a bounded queue between it and the consumer. Keeps the order, rethrows an error of the producer to the
/// consumer at the same position, and stops the producer in <see cref="Dispose"/>: within the current item if the enumeration observes the token,
/// otherwise after it.
/// </summary>
internal sealed class ReadAhead<T> : IDisposable
{
    private const int MillisecondsBetweenChecks = 50;

    private readonly BlockingCollection<T> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _producer;
    private ExceptionDispatchInfo? _error;
    private bool _started;
    private bool _disposed;

    /// <summary>For an enumeration that does not observe a cancellation token.</summary>
    internal ReadAhead(IEnumerable<T> items, int capacity, string name)
        : this(_ => items, capacity, name)
    {
    }

    /// <summary>Nothing is produced before the first <see cref="TryTake"/>.</summary>
    /// <param name="items">Returns the items to produce, given the token that stops them; enumerated once, on the background thread.</param>
    /// <param name="capacity">Maximum number of items in the queue.</param>
    /// <param name="name">Name of the thread, for debuggers.</param>
    internal ReadAhead(Func<CancellationToken, IEnumerable<T>> items, int capacity, string name)
    {
        _queue = new BlockingCollection<T>(capacity);
        _producer = new Thread(() => Produce(items)) { IsBackground = true, Name = name };
    }

    /// <summary>The next item, or false at the end.</summary>
    /// <param name="item">The item.</param>
    /// <param name="checkAlive">Called every 50 ms while the item is not ready; an exception it throws ends the wait.</param>
    internal bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T item, Action? checkAlive = null)
    {
        if (!_started)
        {
            _started = true;
            _producer.Start();
        }

        while (!_queue.TryTake(out item, checkAlive is null ? Timeout.Infinite : MillisecondsBetweenChecks))
        {
            if (_queue.IsCompleted)
            {
                _error?.Throw();
                return false;
            }

            checkAlive?.Invoke();
        }

        return true;
    }

    /// <summary>
    /// Stops the producer and waits for it. May be called more than once: ML.NET disposes a cursor repeatedly when several others depend on it.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _stop.Cancel();
        if (_started)
            _producer.Join();
        _queue.Dispose();
        _stop.Dispose();
    }

    private void Produce(Func<CancellationToken, IEnumerable<T>> items)
    {
        try
        {
            foreach (var item in items(_stop.Token))
                _queue.Add(item, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped by Dispose: there is no consumer left.
        }
#pragma warning disable CA1031 // Any exception is rethrown to the consumer.
        catch (Exception e)
        {
            _error = ExceptionDispatchInfo.Capture(e);
        }
#pragma warning restore CA1031
        finally
        {
            _queue.CompleteAdding();
        }
    }
}
