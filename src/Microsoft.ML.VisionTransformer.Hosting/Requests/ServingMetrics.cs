// Counts requests, their duration, the queue and reloads, with names after OpenTelemetry's conventions.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Microsoft.ML.VisionTransformer.Hosting.Requests;

/// <summary>The instruments of one model. The meter has the name of the package; tags say which model and which operation.</summary>
internal sealed class ServingMetrics : IDisposable
{
    internal const string MeterName = "Microsoft.ML.VisionTransformer.Hosting";

    /// <summary>In seconds: the boundaries that OpenTelemetry recommends for HTTP requests.</summary>
    private static readonly double[] _boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Counter<long> _requests, _reloads;
    private readonly Histogram<double> _duration;
    private readonly KeyValuePair<string, object?> _model;
    private volatile bool _closed;

    /// <param name="factory">The host's factory, which owns its meters; null creates one that is disposed here.</param>
    /// <param name="model">The service key, or "default".</param>
    /// <param name="service">What the model is used for: a classifier and an embedding generator can have the same key.</param>
    /// <param name="waiting">The number of requests that wait now.</param>
    internal ServingMetrics(IMeterFactory? factory, string model, string service, Func<int> waiting)
    {
        _ownsMeter = factory is null;
        _meter = factory?.Create(new MeterOptions(MeterName)) ?? new Meter(MeterName);
        _model = new("vision_transformer.model", model);
        var kind = new KeyValuePair<string, object?>("vision_transformer.service", service);
        _requests = _meter.CreateCounter<long>("vision_transformer.requests", "{request}", "Requests that ended, with or without an answer.");
        _duration = _meter.CreateHistogram(
            "vision_transformer.request.duration", "s", "Time from the call to its end, the wait included.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = _boundaries });
        _reloads = _meter.CreateCounter<long>("vision_transformer.model.reloads", "{reload}", "Attempts to load a changed model file.");
        _meter.CreateObservableUpDownCounter(
            "vision_transformer.queue.length", () => _closed ? Array.Empty<Measurement<int>>() : [new Measurement<int>(waiting(), _model, kind)], "{request}", "Requests that wait for their turn.");
    }

    /// <summary>Runs a request and records it, with the type of its error if it fails.</summary>
    internal async Task<T> RecordAsync<T>(string operation, Func<Task<T>> request)
    {
        long start = Stopwatch.GetTimestamp();
        var tags = new TagList { _model, new("vision_transformer.operation", operation) };
        try
        {
            return await request().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            tags.Add("error.type", e.GetType().FullName);
            throw;
        }
        finally
        {
            _requests.Add(1, tags);
            _duration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, tags);
        }
    }

    /// <summary>Records an attempt to load a changed file.</summary>
    internal void Reloaded(Exception? error)
    {
        var tags = new TagList { _model };
        if (error is not null)
            tags.Add("error.type", error.GetType().FullName);
        _reloads.Add(1, tags);
    }

    public void Dispose()
    {
        _closed = true;
        if (_ownsMeter)
            _meter.Dispose();
    }
}
