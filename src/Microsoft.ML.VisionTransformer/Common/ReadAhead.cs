// Produces items on a thread of its own, a few ahead of whoever consumes them.
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Runs an enumeration in the background with a bounded queue between it and the consumer. The order stays, an error of the producer is thrown
/// at the consumer in its place, and <see cref="Dispose"/> stops the producer after the item it is at.
/// </summary>
internal sealed class ReadAhead<T> : IDisposable
{
    private readonly BlockingCollection<T> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _producer;
    private ExceptionDispatchInfo? _error;
    private bool _started;
    private bool _disposed;

    /// <summary>Nothing is produced before the first <see cref="TryTake"/>.</summary>
    /// <param name="items">What to produce; enumerated once, on the background thread.</param>
    /// <param name="capacity">Items that may lie ready.</param>
    /// <param name="name">Name of the thread, for debuggers.</param>
    internal ReadAhead(IEnumerable<T> items, int capacity, string name)
    {
        _queue = new BlockingCollection<T>(capacity);
        _producer = new Thread(() => Produce(items)) { IsBackground = true, Name = name };
    }

    /// <summary>The next item, or false at the end.</summary>
    internal bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T item)
    {
        if (!_started)
        {
            _started = true;
            _producer.Start();
        }

        if (_queue.TryTake(out item, Timeout.Infinite))
            return true;
        _error?.Throw();
        return false;
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

    private void Produce(IEnumerable<T> items)
    {
        try
        {
            foreach (var item in items)
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
