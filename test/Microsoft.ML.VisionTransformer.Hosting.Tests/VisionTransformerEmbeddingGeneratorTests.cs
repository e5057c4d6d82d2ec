// The embeddings of images: the features of the transformer in the order of the images, limits, cancellation and disposal.
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Hosting.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests;

[TestClass]
public sealed class VisionTransformerEmbeddingGeneratorTests
{
    private static readonly string _checkpoint = Path.Combine(TestData.Path("golden"), "checkpoints", "timm");

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    [DataRow("classifier", 16)]
    [DataRow("classifier", 4)]
    [DataRow("features", 4)]
    [DataRow("checkpoint", 4)]
    public async Task EmbeddingsAreTheFeaturesInTheOrderOfTheImages(string kind, int batchSize)
    {
        using var folder = new TemporaryFolder();
        string model = kind == "checkpoint" ? _checkpoint : folder.Write(kind == "classifier" ? TrainedModels.First : TrainedModels.FeatureFile);
        using var provider = Provider(model, o => o.BatchSize = batchSize);
        var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
        byte[][] photos = [.. TrainedModels.Photos.Reverse()];

        var embeddings = await generator.GenerateAsync(photos.Select(Content), cancellationToken: Cancellation);

        float[][] expected = Features(model, kind, batchSize, photos);
        Assert.HasCount(photos.Length, embeddings);
        for (int i = 0; i < photos.Length; i++)
            CollectionAssert.AreEqual(expected[i], embeddings[i].Vector.ToArray(), $"{i}");
        Assert.AreEqual(1, embeddings[0].Vector.ToArray().Sum(v => v * v), 1e-5);
        Assert.IsFalse(expected[0].SequenceEqual(expected[1]), "different images have different embeddings");
    }

    [TestMethod]
    public async Task CallsAtOnceGetTheSame()
    {
        using var folder = new TemporaryFolder();
        using var provider = Provider(folder.Write(TrainedModels.First));
        var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
        var contents = TrainedModels.Photos.Select(Content).ToArray();
        var expected = await generator.GenerateAsync(contents, cancellationToken: Cancellation);

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => generator.GenerateAsync(contents, cancellationToken: Cancellation)));

        foreach (var embeddings in all)
            CollectionAssert.AreEqual(expected.SelectMany(e => e.Vector.ToArray()).ToArray(), embeddings.SelectMany(e => e.Vector.ToArray()).ToArray());
    }

    [TestMethod]
    public async Task TheMetadataAndTheOptionsSayHowLongAnEmbeddingIs()
    {
        using var folder = new TemporaryFolder();
        using var provider = Provider(folder.Write(TrainedModels.First));
        var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();

        var metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        var e = await Assert.ThrowsExactlyAsync<NotSupportedException>(() => generator.GenerateAsync([Content(TrainedModels.Photos[0])], new EmbeddingGenerationOptions { Dimensions = 7 }, Cancellation));
        var right = await generator.GenerateAsync([Content(TrainedModels.Photos[0])], new EmbeddingGenerationOptions { Dimensions = 32 }, Cancellation);

        Assert.AreEqual((32, "model.zip"), (metadata.DefaultModelDimensions, metadata.DefaultModelId));
        Assert.AreEqual("The options request embeddings of 7 values; the network gives 32. Leave Dimensions null.", e.Message);
        Assert.AreEqual(32, right[0].Dimensions);
        Assert.IsEmpty(await generator.GenerateAsync([], cancellationToken: Cancellation));
    }

    [TestMethod]
    public async Task WhatIsNoImage_IsNamed()
    {
        using var folder = new TemporaryFolder();
        using var provider = Provider(folder.Write(TrainedModels.First), o => o.MaxPixels = 10_000);
        var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();

        var text = await Assert.ThrowsExactlyAsync<ArgumentException>(() => generator.GenerateAsync([Content(TrainedModels.Photos[0]), new DataContent("text"u8.ToArray(), "text/plain")], cancellationToken: Cancellation));
        var unreadable = await Assert.ThrowsExactlyAsync<ImageRejectedException>(() => generator.GenerateAsync([Content(TrainedModels.Photos[0]), Content(TrainedModels.Photos[1]), Content("text"u8.ToArray())], cancellationToken: Cancellation));
        var large = await Assert.ThrowsExactlyAsync<ImageRejectedException>(() => generator.GenerateAsync([Content(TrainedModels.Png(200, 200))], cancellationToken: Cancellation));

        StringAssert.StartsWith(text.Message, "Value 1 has the media type 'text/plain'");
        Assert.AreEqual(ImageRejection.Unreadable, unreadable.Reason);
        StringAssert.StartsWith(unreadable.Message, "Value 2: The photo cannot be read as an image: it is text;");
        StringAssert.StartsWith(large.Message, "Value 0: The photo has 200 x 200 pixels");
        Assert.AreEqual(ImageRejection.TooManyPixels, large.Reason);
    }

    [TestMethod]
    public async Task ACanceledCallEndsBetweenTwoBatches()
    {
        using var folder = new TemporaryFolder();
        using var provider = Provider(folder.Write(TrainedModels.First), o => o.BatchSize = 1);
        var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
        using var cancel = new CancellationTokenSource();
        var call = generator.GenerateAsync(Enumerable.Repeat(Content(TrainedModels.Slow), 200), cancellationToken: cancel.Token);

        await Task.Delay(200, Cancellation);
        await cancel.CancelAsync();

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Assert.ThrowsAsync<OperationCanceledException>(() => call);
        Assert.IsLessThan(20, clock.Elapsed.TotalSeconds);
    }

    [TestMethod]
    public void WrongOptionsAreNamed()
    {
        using var provider = Provider("model.zip", o => (o.BatchSize, o.Kind) = (0, (FeatureKind)77));

        var e = Assert.ThrowsExactly<OptionsValidationException>(provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>);

        CollectionAssert.AreEqual(new[] { "BatchSize is 0; it must be at least 1.", "Kind is 77, which is no value of FeatureKind." }, e.Failures.ToArray());
    }

    [TestMethod]
    [DataRow("classifier")]
    [DataRow("features")]
    [DataRow("checkpoint")]
    public void DisposingTheHostFreesAllNativeMemory(string kind)
    {
        using var folder = new TemporaryFolder();
        string model = kind == "checkpoint" ? _checkpoint : folder.Write(kind == "classifier" ? TrainedModels.First : TrainedModels.FeatureFile);

        LiveTensors.AssertSameAfter(() =>
        {
            using var provider = Provider(model);
            provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>().GenerateAsync(TrainedModels.Photos.Select(Content), cancellationToken: Cancellation).Wait(Cancellation);
        });
    }

    [TestMethod]
    public async Task AfterItsDisposal_ItThrows()
    {
        using var folder = new TemporaryFolder();
        var provider = Provider(folder.Write(TrainedModels.First));
        var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
        await provider.DisposeAsync();

        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => generator.GenerateAsync([Content(TrainedModels.Photos[0])], cancellationToken: Cancellation));
    }

    private static DataContent Content(byte[] photo) => new(photo, "image/png");

    private static ServiceProvider Provider(string model, Action<VisionTransformerEmbeddingOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddVisionTransformerEmbeddings(model, configure);
        return services.BuildServiceProvider();
    }

    /// <summary>The features as the library gives them, without this package.</summary>
    private static float[][] Features(string model, string kind, int batchSize, byte[][] photos)
    {
        var context = new MLContext();
        var data = context.Data.LoadFromEnumerable(photos.Select(p => new Row { Image = p, File = p }));
        var options = new VisionTransformerFeatureOptions { Normalize = true };
        if (kind == "checkpoint")
        {
            using var features = context.Transforms.VisionTransformerFeatures("F", "Image", new VisionTransformerFeatureOptions { PretrainedModel = model, Normalize = true }).Fit(data);
            return Read(features);
        }

        using var loaded = (IDisposable)context.Model.Load(model, out _);
        var steps = loaded as IEnumerable<ITransformer> ?? [(ITransformer)loaded];
        if (kind == "features")
            return Read(steps.OfType<VisionTransformerFeatureTransformer>().Single());
        using var own = steps.OfType<VisionTransformerPredictionTransformer>().Single().ToFeatureTransformer("F", "Image", options);
        return Read(own);

        float[][] Read(VisionTransformerFeatureTransformer features)
        {
            features.ScoringBatchSize = batchSize;
            var view = features.Transform(data);
            return [.. view.GetColumn<float[]>(view.Schema[^1])];
        }
    }

    private sealed class Row
    {
        public byte[] Image { get; set; } = [];

        public byte[] File { get; set; } = [];
    }
}
