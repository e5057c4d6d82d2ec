// The classifier of a host: the scores of the transformer, limits, cancellation and disposal.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Hosting.Models;
using Microsoft.ML.VisionTransformer.Hosting.Tests.Support;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests;

[TestClass]
public sealed class VisionTransformerClassifierTests
{
    /// <summary>An explanation makes a network of libtorch with one block: 12 parameters of the block, and 8 of the patches, the positions, the norm and the head.</summary>
    private const int ParametersOfAnExplanation = 20;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task BytesStreamsAndPathsGetTheScoresOfTheTransformerBitForBit()
    {
        using var folder = new TemporaryFolder();
        using var host = new HostedClassifier(TrainedModels.First);
        var expected = TrainedModels.Expected(host.ModelPath, TrainedModels.Photos);
        string file = folder.File("photo.png");

        foreach (var (photo, classes) in TrainedModels.Photos.Zip(expected))
        {
            await File.WriteAllBytesAsync(file, photo, Cancellation);
            using var stream = new MemoryStream(photo);
            CollectionAssert.AreEqual(classes, (await host.Classifier.ClassifyAsync(photo, Cancellation)).ToArray());
            CollectionAssert.AreEqual(classes, (await host.Classifier.ClassifyAsync(stream, Cancellation)).ToArray());
            CollectionAssert.AreEqual(classes, (await host.Classifier.ClassifyAsync(file, Cancellation)).ToArray());
        }
    }

    [TestMethod]
    public async Task InInt8TheScoresAreThoseOfTheTransformerInInt8()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => o.ScoringPrecision = ScoringPrecision.Int8);
        using var owner = (IDisposable)new MLContext().Model.Load(host.ModelPath, out _);
        var transformer = ((IEnumerable<ITransformer>)owner).OfType<VisionTransformerPredictionTransformer>().Single();
        transformer.ScoringPrecision = ScoringPrecision.Int8;
        var rows = new MLContext().Data.LoadFromEnumerable(TrainedModels.Photos.Select(photo => new TrainedModels.Photo { Image = photo }));
        float[][] expected = [.. transformer.Transform(rows).GetColumn<float[]>("Score")];

        for (int i = 0; i < expected.Length; i++)
        {
            var classes = await host.Classifier.ClassifyAsync(TrainedModels.Photos[i], Cancellation);
            CollectionAssert.AreEqual(expected[i].OrderDescending().ToArray(), classes.Select(c => c.Probability).ToArray(), $"{i}");
        }

        Assert.AreNotEqual(TrainedModels.Expected(host.ModelPath, TrainedModels.Photos)[0][0].Probability, expected[0].Max(), "8 bits give other scores");
    }

    [TestMethod]
    public async Task ManyRequestsAtOnceGetTheSameScores()
    {
        using var host = new HostedClassifier(TrainedModels.First);
        var expected = TrainedModels.Expected(host.ModelPath, TrainedModels.Photos);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => host.Classifier.ClassifyAsync(TrainedModels.Photos[i % TrainedModels.Photos.Length], Cancellation)));

        for (int i = 0; i < answers.Length; i++)
            CollectionAssert.AreEqual(expected[i % expected.Length], answers[i].ToArray(), $"{i}");
    }

    [TestMethod]
    public async Task AnExplanationIsTheTransformers()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => o.ThreadsPerEngine = 1);
        using var owner = (IDisposable)new MLContext().Model.Load(host.ModelPath, out _);
        var transformer = ((IEnumerable<ITransformer>)owner).OfType<VisionTransformerPredictionTransformer>().Single();
        var options = new ExplanationOptions { ClassIndex = 1 };
        using var stream = new MemoryStream(TrainedModels.Photos[0]);

        var ofBytes = await host.Classifier.ExplainAsync(TrainedModels.Photos[0], options, Cancellation);
        var ofStream = await host.Classifier.ExplainAsync(stream, options, Cancellation);

        var expected = transformer.Explain(TrainedModels.Photos[0], options);
        Assert.AreEqual(1, ofBytes.ClassIndex);
        CollectionAssert.AreEqual(expected.Map.ToArray(), ofBytes.Map.ToArray());
        CollectionAssert.AreEqual(expected.Map.ToArray(), ofStream.Map.ToArray());
    }

    [TestMethod]
    public async Task ACanceledRequestEndsBeforeItIsScored()
    {
        using var host = new HostedClassifier(TrainedModels.First);
        using var canceled = new CancellationTokenSource();
        await canceled.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => host.Classifier.ClassifyAsync(TrainedModels.Photos[0], canceled.Token));
        await Assert.ThrowsAsync<OperationCanceledException>(() => host.Classifier.ClassifyAsync(new MemoryStream(TrainedModels.Photos[0]), canceled.Token));
    }

    [TestMethod]
    public async Task ACanceledRequestLeavesTheQueue()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => (o.Engines, o.QueueLimit) = (1, 1));
        using var cancel = new CancellationTokenSource();
        var slow = await host.StartSlowAsync();

        var waits = host.Classifier.ClassifyAsync(TrainedModels.Photos[0], cancel.Token);
        Assert.IsTrue(host.Classifier.IsQueueFull);
        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => waits);
        Assert.IsFalse(slow.IsCompleted, "the image that takes long was classified before the test could cancel");
        Assert.IsFalse(host.Classifier.IsQueueFull);
        await slow;
    }

    [TestMethod]
    public async Task BeyondTheQueueLimit_IsBusyAndLaterAnswered()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => (o.Engines, o.QueueLimit) = (1, 1));
        var slow = await host.StartSlowAsync();
        var waits = host.Classifier.ClassifyAsync(TrainedModels.Photos[0], Cancellation);

        var busy = await Assert.ThrowsExactlyAsync<ServingBusyException>(() => host.Classifier.ClassifyAsync(TrainedModels.Photos[1], Cancellation));

        Assert.AreEqual("Too many photos are waiting. Try again shortly.", busy.Message);
        await slow;
        await waits;
        await host.Classifier.ClassifyAsync(TrainedModels.Photos[1], Cancellation);
    }

    [TestMethod]
    public async Task AStreamBeyondTheBytesInMemory_IsBusyAndGivesThemBack()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => (o.MaxImageBytes, o.MaxImageBytesInMemory) = (150_000, 150_000));
        byte[] photo = [.. TrainedModels.Photos[0], .. new byte[100_000]];
        var half = new HalfStream(photo);
        var first = host.Classifier.ClassifyAsync(half, Cancellation);
        await half.AtHalf;

        var busy = await Assert.ThrowsExactlyAsync<ServingBusyException>(() => host.Classifier.ClassifyAsync(new MemoryStream(photo), Cancellation));

        StringAssert.StartsWith(busy.Message, "Too many photos are being uploaded");
        half.GoOn();
        await first;
        await host.Classifier.ClassifyAsync(new MemoryStream(photo), Cancellation);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task TooManyBytes_AreRejected(bool unsized)
    {
        using var host = new HostedClassifier(TrainedModels.First, o => o.MaxImageBytes = 100_000);
        await using Stream stream = unsized ? new UnsizedStream(200_000) : new MemoryStream(new byte[200_000]);

        var e = await Assert.ThrowsExactlyAsync<ImageRejectedException>(() => host.Classifier.ClassifyAsync(stream, Cancellation));

        Assert.AreEqual(ImageRejection.TooManyBytes, e.Reason);
        StringAssert.Contains(e.Message, (unsized ? "larger than 100 KB" : "200 KB") + "; the service accepts at most 100 KB.");
        Assert.AreEqual(ImageRejection.TooManyBytes, Assert.ThrowsExactly<ImageRejectedException>(() => host.Classifier.CheckLength(100_001)).Reason);
        host.Classifier.CheckLength(100_000);
        host.Classifier.CheckLength(null);
    }

    [TestMethod]
    public async Task WhatIsNoPhoto_IsRejectedWithTheReason()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => o.MaxPixels = 1000);
        (byte[] Photo, ImageRejection Reason, string Message)[] cases =
        [
            ([], ImageRejection.Empty, "The photo is empty (0 bytes)."),
            (TrainedModels.Png(40, 30), ImageRejection.TooManyPixels, "The photo has 40 x 30 pixels (1,200 pixels); the service accepts at most 1,000 pixels."),
            ("text"u8.ToArray(), ImageRejection.Unreadable, "The photo cannot be read as an image: it is text;"),
            (TrainedModels.Png(20, 20)[..60], ImageRejection.Unreadable, "The photo "),
        ];

        foreach (var (photo, reason, message) in cases)
        {
            var e = await Assert.ThrowsExactlyAsync<ImageRejectedException>(() => host.Classifier.ClassifyAsync(photo, Cancellation));
            Assert.AreEqual(reason, e.Reason, e.Message);
            StringAssert.StartsWith(e.Message, message);
        }
    }

    [TestMethod]
    public async Task MissingScores_AreARejection()
    {
        using var host = new HostedClassifier(TrainedModels.GivesMissing);

        var e = await Assert.ThrowsExactlyAsync<ImageRejectedException>(() => host.Classifier.ClassifyAsync("text"u8.ToArray(), Cancellation));

        Assert.AreEqual(ImageRejection.Unreadable, e.Reason);
    }

    [TestMethod]
    public void DisposingTheHostFreesAllNativeMemory() => LiveTensors.AssertSameAfter(
        () =>
        {
            using var host = new HostedClassifier(TrainedModels.First);
            Task.WaitAll(TrainedModels.Photos.Select(p => host.Classifier.ClassifyAsync(p, Cancellation)), Cancellation);
            host.Classifier.ExplainAsync(TrainedModels.Photos[0], cancellationToken: Cancellation).Wait(Cancellation);
        },
        parametersCreated: ParametersOfAnExplanation);

    [TestMethod]
    public async Task ARequestThatWaitsAtTheDisposal_SaysThatTheClassifierWasDisposed()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => o.Engines = 1);
        var slow = await host.StartSlowAsync();
        var waiting = host.Classifier.ClassifyAsync(TrainedModels.Photos[0], Cancellation);
        Assert.IsFalse(slow.IsCompleted, "the image that takes long was classified before the test could dispose");

        host.Classifier.Dispose();

        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => waiting);
        await slow;
    }

    [TestMethod]
    public async Task APrecisionThatLoadSets_IsKept()
    {
        byte[] file = TrainedModels.First;
        var services = new ServiceCollection();
        services.AddVisionTransformer(o => o.Load = context =>
        {
            var model = context.Model.Load(new MemoryStream(file), out _);
            ((IEnumerable<ITransformer>)model).OfType<VisionTransformerPredictionTransformer>().Single().ScoringPrecision = ScoringPrecision.Int8;
            return model;
        });
        await using var provider = services.BuildServiceProvider();
        using var host = new HostedClassifier(file, o => o.ScoringPrecision = ScoringPrecision.Int8);

        var found = await provider.GetRequiredService<VisionTransformerClassifier>().ClassifyAsync(TrainedModels.Photos[0], Cancellation);

        CollectionAssert.AreEqual((await host.Classifier.ClassifyAsync(TrainedModels.Photos[0], Cancellation)).ToArray(), found.ToArray());
    }

    [TestMethod]
    public async Task ARequestInProgressEndsAfterTheDisposalAndThenTheModelIsFreed()
    {
        int alive = ServedModel.Alive;
        var host = new HostedClassifier(TrainedModels.First);
        var slow = await host.StartSlowAsync();

        host.Dispose();

        Assert.IsFalse(slow.IsCompleted, "the image that takes long was classified before the test could dispose");
        Assert.AreEqual(alive + 1, ServedModel.Alive);
        Assert.HasCount(3, await slow);
        await Eventually.HoldsAsync(() => ServedModel.Alive == alive, "the model is freed");
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => host.Classifier.ClassifyAsync(TrainedModels.Photos[0], Cancellation));
    }

    /// <summary>Gives all but its last bytes, and the rest when it is told to.</summary>
    private sealed class HalfStream(byte[] content) : UnsizedStreamBase
    {
        private const int Rest = 1000;

        private readonly TaskCompletionSource _half = new(TaskCreationOptions.RunContinuationsAsynchronously), _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _at;

        internal Task AtHalf => _half.Task;

        internal void GoOn() => _goOn.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_at == content.Length - Rest)
            {
                _half.TrySetResult();
                await _goOn.Task;
            }

            int end = _at < content.Length - Rest ? content.Length - Rest : content.Length;
            int count = Math.Min(buffer.Length, end - _at);
            content.AsSpan(_at, count).CopyTo(buffer.Span);
            _at += count;
            return count;
        }
    }
}
