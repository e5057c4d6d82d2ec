// Sums gradients across processes in buckets, overlapped with the backward pass.
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.ML.VisionTransformer.Training.Optimizers;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Distributed;

/// <summary>
/// The flat gradients in ranges of about 4 MiB. A separate thread sends each bucket once its layers are complete; all processes send the buckets in
/// the same order. The training thread does not call MPI between <see cref="Ready"/> and <see cref="End"/>.
/// </summary>
internal sealed class GradientBuckets : IDisposable
{
    /// <summary>Values per bucket: small enough that the first bucket is complete early, large enough that latency does not dominate.</summary>
    internal const long Length = 1 << 20;

    private readonly (int Layer, Tensor Values)[] _buckets;
    private readonly BlockingCollection<Tensor> _queue = [];
    private readonly CountdownEvent _remaining = new(1);
    private readonly Thread _sender;
    private ExceptionDispatchInfo? _error;
    private int _sent;

    /// <param name="group">The processes whose gradients are summed.</param>
    /// <param name="parameters">The gradients; owned by the caller.</param>
    /// <param name="rates">Maps parameters to layers.</param>
    internal GradientBuckets(TrainingProcessGroup group, FlatParameters parameters, LayerDecay rates)
    {
        _buckets = [.. Cut(parameters.Layout, rates)
            .Select(range => (range.Layer, parameters.Gradients.narrow(0, range.Start, range.Length).DetachFromDisposeScope()))];
        _sender = new Thread(() => Send(group)) { IsBackground = true, Name = "Vision Transformer gradients" };
        _sender.Start();
    }

    /// <summary>Call before the backward pass.</summary>
    internal void Begin()
    {
        _sent = 0;
        _remaining.Reset(_buckets.Length);
    }

    /// <summary>Queues the buckets of that layer and all above it: their gradients are final.</summary>
    internal void Ready(int layer)
    {
        while (_sent < _buckets.Length && _buckets[_sent].Layer >= layer)
            _queue.Add(_buckets[_sent++].Values);
    }

    /// <summary>Waits until all gradients are summed over all processes.</summary>
    /// <exception cref="IOException">MPI fails.</exception>
    internal void End()
    {
        Ready(0);
        _remaining.Wait();
        _error?.Throw();
    }

    /// <summary>Ranges of about that length, ordered by their lowest layer, highest first.</summary>
    internal static (int Layer, long Start, long Length)[] Cut(IReadOnlyList<ParameterRange> layout, LayerDecay rates, long length = Length)
    {
        var ranges = new List<(int Layer, long Start, long Length)>();
        foreach (var parameter in layout)
        {
            int layer = rates.FinishedWith(parameter.Name);
            if (ranges.Count > 0 && ranges[^1].Length < length)
                ranges[^1] = (Math.Min(ranges[^1].Layer, layer), ranges[^1].Start, ranges[^1].Length + parameter.Length);
            else
                ranges.Add((layer, parameter.Start, parameter.Length));
        }

        return [.. ranges.OrderByDescending(range => range.Layer).ThenBy(range => range.Start)];
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        _sender.Join();
        _queue.Dispose();
        _remaining.Dispose();
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
#pragma warning disable CA1031 // Any exception is rethrown on the training thread.
            catch (Exception e)
            {
                _error = ExceptionDispatchInfo.Capture(e);
            }
#pragma warning restore CA1031
            _remaining.Signal();
        }
    }
}
