// Adds the gradients of all processes up, in pieces, while the backward pass is still at work on others.
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.ML.VisionTransformer.Training.Optimizers;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Distributed;

/// <summary>
/// The flat gradients in runs of about 4 MiB. A bucket is sent off by a thread of its own once the layers that it belongs to are done; all processes send them in the
/// same order. The thread that trains does not call MPI between <see cref="Ready"/> and <see cref="End"/>.
/// </summary>
internal sealed class GradientBuckets : IDisposable
{
    /// <summary>Numbers of a bucket: few enough that the first is soon complete, enough that the time of sending is not that of beginning.</summary>
    internal const long Length = 1 << 20;

    private readonly (int Layer, Tensor Values)[] _buckets;
    private readonly BlockingCollection<Tensor> _queue = [];
    private readonly CountdownEvent _left = new(1);
    private readonly Thread _sender;
    private ExceptionDispatchInfo? _error;
    private int _sent;

    /// <param name="group">Who adds up.</param>
    /// <param name="parameters">The gradients; stay the caller's.</param>
    /// <param name="rates">Knows the layers.</param>
    internal GradientBuckets(TrainingProcessGroup group, FlatParameters parameters, LayerDecay rates)
    {
        _buckets = [.. Cut(parameters.Layout, rates)
            .Select(run => (run.Layer, parameters.Gradients.narrow(0, run.Start, run.Length).DetachFromDisposeScope()))];
        _sender = new Thread(() => Send(group)) { IsBackground = true, Name = "Vision Transformer gradients" };
        _sender.Start();
    }

    /// <summary>To be called before the backward pass.</summary>
    internal void Begin()
    {
        _sent = 0;
        _left.Reset(_buckets.Length);
    }

    /// <summary>The gradients of that layer and all above it are final.</summary>
    internal void Ready(int layer)
    {
        while (_sent < _buckets.Length && _buckets[_sent].Layer >= layer)
            _queue.Add(_buckets[_sent++].Values);
    }

    /// <summary>Waits until all gradients are those of all processes.</summary>
    /// <exception cref="IOException">MPI fails.</exception>
    internal void End()
    {
        Ready(0);
        _left.Wait();
        _error?.Throw();
    }

    /// <summary>Runs of about that length, those first whose lowest layer is highest.</summary>
    internal static (int Layer, long Start, long Length)[] Cut(IReadOnlyList<ParameterRange> layout, LayerDecay rates, long length = Length)
    {
        var runs = new List<(int Layer, long Start, long Length)>();
        foreach (var position in layout)
        {
            int layer = rates.FinishedWith(position.Name);
            if (runs.Count > 0 && runs[^1].Length < length)
                runs[^1] = (Math.Min(runs[^1].Layer, layer), runs[^1].Start, runs[^1].Length + position.Length);
            else
                runs.Add((layer, position.Start, position.Length));
        }

        return [.. runs.OrderByDescending(run => run.Layer).ThenBy(run => run.Start)];
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        _sender.Join();
        _queue.Dispose();
        _left.Dispose();
        foreach (var (_, values) in _buckets)
            values.Dispose();
    }

    private void Send(TrainingProcessGroup group)
    {
        foreach (var bucket in _queue.GetConsumingEnumerable())
        {
            try
            {
                if (_error is null)
                    group.Sum(bucket);
            }
#pragma warning disable CA1031 // Whatever it is, the thread that trains gets it.
            catch (Exception e)
            {
                _error = ExceptionDispatchInfo.Capture(e);
            }
#pragma warning restore CA1031
            _left.Signal();
        }
    }
}
