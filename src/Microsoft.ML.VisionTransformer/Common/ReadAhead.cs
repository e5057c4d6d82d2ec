// Produces items on a thread of its own, a few ahead of whoever consumes them.
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Runs an enumeration in the background with a bounded queue between it and the consumer. The order stays, an error of the producer is thrown
/// at the consumer in its place, and <see cref="Dispose"/> stops the producer: within the item it is at where that heeds the token it is given, else after it.
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

    /// <summary>As below, for items that take no notice of being stopped.</summary>
    internal ReadAhead(IEnumerable<T> items, int capacity, string name)
        : this(_ => items, capacity, name)
    {
    }

    /// <summary>Nothing is produced before the first <see cref="TryTake"/>.</summary>
    /// <param name="items">What to produce, given the token that stops it; enumerated once, on the background thread.</param>
    /// <param name="capacity">Items that may lie ready.</param>
    /// <param name="name">Name of the thread, for debuggers.</param>
    internal ReadAhead(Func<CancellationToken, IEnumerable<T>> items, int capacity, string name)
    {
        _queue = new BlockingCollection<T>(capacity);
        _producer = new Thread(() => Produce(items)) { IsBackground = true, Name = name };
    }

    /// <summary>The next item, or false at the end.</summary>
    /// <param name="item">The item.</param>
    /// <param name="checkAlive">Called every little while that the item is not ready; what it throws ends the wait.</param>
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

    /// <summary>Stops the producer and waits for it. ML.NET disposes a cursor more than once where several others lean on it.</summary>
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
            // Stopped by Dispose: nobody waits for an answer.
        }
#pragma warning disable CA1031 // Whatever it is, the consumer gets it.
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
