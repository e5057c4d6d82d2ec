// What a MeterListener sees of a classifier: requests, their duration, the queue and reloads.
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.ML.VisionTransformer.Hosting.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests;

[TestClass]
public sealed class ServingMetricsTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task RequestsAreCountedAndTimedWithTheirErrors()
    {
        using var listener = new Listener();
        using var host = new HostedClassifier(TrainedModels.First);

        await host.Classifier.ClassifyAsync(TrainedModels.Photos[0], Cancellation);
        await host.Classifier.ClassifyAsync(new MemoryStream(TrainedModels.Photos[0]), Cancellation);
        await Assert.ThrowsExactlyAsync<ImageRejectedException>(() => host.Classifier.ClassifyAsync([], Cancellation));
        await host.Classifier.ExplainAsync(TrainedModels.Photos[0], cancellationToken: Cancellation);

        string[] tags =
        [
            "vision_transformer.model=default vision_transformer.operation=classify",
            "vision_transformer.model=default vision_transformer.operation=classify",
            "vision_transformer.model=default vision_transformer.operation=classify error.type=Microsoft.ML.VisionTransformer.Hosting.ImageRejectedException",
            "vision_transformer.model=default vision_transformer.operation=explain",
        ];
        var requests = listener.Of("vision_transformer.requests", "{request}");
        var durations = listener.Of("vision_transformer.request.duration", "s");
        CollectionAssert.AreEqual(tags, requests.Select(m => m.Tags).ToArray());
        CollectionAssert.AreEqual(tags, durations.Select(m => m.Tags).ToArray());
        Assert.IsTrue(requests.All(m => m.Value == 1));
        Assert.IsTrue(durations.All(m => m.Value is > 0 and < 60));
    }

    [TestMethod]
    public async Task TheQueueIsMeasuredWhileRequestsWait()
    {
        using var listener = new Listener();
        using var host = new HostedClassifier(TrainedModels.First, o => o.Engines = 1);
        var slow = await host.StartSlowAsync();
        var waiting = TrainedModels.Photos[..3].Select(p => host.Classifier.ClassifyAsync(p, Cancellation)).ToArray();

        listener.Read();
        bool tooLate = slow.IsCompleted;
        await Task.WhenAll([slow, .. waiting]);
        listener.Read();

        Assert.IsFalse(tooLate, "the image that takes long was classified before the test could measure");
        CollectionAssert.AreEqual(new[] { 3.0, 0.0 }, listener.Of("vision_transformer.queue.length", "{request}").Select(m => m.Value).ToArray());
    }

    [TestMethod]
    public async Task ReloadsAreCounted()
    {
        using var listener = new Listener();
        using var host = new HostedClassifier(TrainedModels.First);

        await File.WriteAllBytesAsync(host.ModelPath, [1, 2, 3], Cancellation);
        await Eventually.HoldsAsync(() => listener.Of("vision_transformer.model.reloads", "{reload}").Length == 1, "the failed reload");
        await File.WriteAllBytesAsync(host.ModelPath, TrainedModels.Second, Cancellation);
        await Eventually.HoldsAsync(() => listener.Of("vision_transformer.model.reloads", "{reload}").Length == 2, "the reload");

        CollectionAssert.AreEqual(
            new[] { "vision_transformer.model=default error.type=System.IO.InvalidDataException", "vision_transformer.model=default" },
            listener.Of("vision_transformer.model.reloads", "{reload}").Select(m => m.Tags).ToArray());
    }

    private sealed class Listener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(Instrument Instrument, double Value, string Tags)> _measurements = new();

        internal Listener()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Microsoft.ML.VisionTransformer.Hosting")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Add(i, value, tags));
            _listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Add(i, value, tags));
            _listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Add(i, value, tags));
            _listener.Start();
        }

        /// <summary>Reads the instruments that are asked for their value.</summary>
        internal void Read() => _listener.RecordObservableInstruments();

        internal (double Value, string Tags)[] Of(string name, string unit) =>
            [.. _measurements.Where(m => m.Instrument.Name == name && m.Instrument.Unit == unit).Select(m => (m.Value, m.Tags))];

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _measurements.Enqueue((instrument, value, string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))));
    }
}
