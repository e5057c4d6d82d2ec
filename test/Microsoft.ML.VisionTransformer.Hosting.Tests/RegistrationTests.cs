// What a host registers: one model or several by key, checked options, health checks, and models that are loaded when the host starts.
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.ML.VisionTransformer.Hosting.Models;
using Microsoft.ML.VisionTransformer.Hosting.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests;

[TestClass]
public sealed class RegistrationTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task SeveralModelsByKeyAndOneWithout()
    {
        using var folder = new TemporaryFolder();
        string first = folder.Write(TrainedModels.First, "first.zip"), second = folder.Write(TrainedModels.Second, "second.zip");
        byte[] photo = TrainedModels.Photos[0];
        var services = new ServiceCollection();
        services.AddVisionTransformer(first);
        services.AddKeyedVisionTransformer("second", second, o => o.QueueLimit = 3);
        services.AddKeyedVisionTransformer("third", o => o.Model = first);
        services.AddLogging().AddHealthChecks().AddVisionTransformer().AddVisionTransformer("second").AddVisionTransformer("third", "another name");
        await using var provider = services.BuildServiceProvider();

        var plain = provider.GetRequiredService<VisionTransformerClassifier>();
        var keyed = provider.GetRequiredKeyedService<VisionTransformerClassifier>("second");

        Assert.AreSame(plain, provider.GetRequiredService<VisionTransformerClassifier>());
        Assert.AreNotSame(plain, provider.GetRequiredKeyedService<VisionTransformerClassifier>("third"));
        CollectionAssert.AreEqual(TrainedModels.Expected(first, [photo])[0], (await plain.ClassifyAsync(photo, Cancellation)).ToArray());
        CollectionAssert.AreEqual(TrainedModels.Expected(second, [photo])[0], (await keyed.ClassifyAsync(photo, Cancellation)).ToArray());
        Assert.AreEqual(3, provider.GetRequiredService<IOptionsMonitor<VisionTransformerClassifierOptions>>().Get("second").QueueLimit);
        var health = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation);
        CollectionAssert.AreEquivalent(new[] { "classifier", "second", "another name" }, health.Entries.Keys.ToArray());
        Assert.AreEqual(HealthStatus.Healthy, health.Status);
    }

    [TestMethod]
    public async Task AFullQueueIsUnhealthy()
    {
        using var host = new HostedClassifier(TrainedModels.First, o => (o.Engines, o.QueueLimit) = (1, 0));
        Assert.AreEqual(HealthStatus.Healthy, (await host.HealthAsync(Cancellation)).Status);
        var slow = await host.StartSlowAsync();

        var full = await host.HealthAsync(Cancellation);

        Assert.IsFalse(slow.IsCompleted, "the image that takes long was classified before the test could check");
        Assert.AreEqual(HealthStatus.Unhealthy, full.Status);
        await slow;
        Assert.AreEqual(HealthStatus.Healthy, (await host.HealthAsync(Cancellation)).Status);
    }

    [TestMethod]
    public async Task AHostLoadsItsModelsWhenItStarts()
    {
        using var folder = new TemporaryFolder();
        int alive = ServedModel.Alive;
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddVisionTransformer(folder.Write(TrainedModels.First));
        builder.Services.AddKeyedVisionTransformer("second", folder.Write(TrainedModels.Second, "second.zip"));
        using (var host = builder.Build())
        {
            Assert.AreEqual(alive, ServedModel.Alive);
            await host.StartAsync(Cancellation);
            Assert.AreEqual(alive + 2, ServedModel.Alive);
            await host.StopAsync(Cancellation);
        }

        Assert.AreEqual(alive, ServedModel.Alive);
    }

    [TestMethod]
    public async Task AHostWithAModelThatIsNotThereDoesNotStart()
    {
        using var folder = new TemporaryFolder();
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddVisionTransformer(Path.Combine(folder.Path, "none.zip"));
        using var host = builder.Build();

        var e = await Assert.ThrowsAsync<IOException>(() => host.StartAsync(Cancellation));

        StringAssert.Contains(e.Message, "none.zip");
    }

    [TestMethod]
    public void TheOptionsOfAConfigurationAreUsed()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Engines"] = "3", ["ReloadDelay"] = "00:00:05", ["MaxPixels"] = "7" }).Build();
        var services = new ServiceCollection();
        services.AddVisionTransformer("model.zip", configuration.Bind);
        using var provider = services.BuildServiceProvider();

        var options = provider.GetRequiredService<IOptions<VisionTransformerClassifierOptions>>().Value;

        Assert.AreEqual((3, TimeSpan.FromSeconds(5), 7L, "model.zip"), (options.Engines, options.ReloadDelay, options.MaxPixels, options.Model));
    }

    [TestMethod]
    public void WrongOptionsAreAllNamed()
    {
        var services = new ServiceCollection();
        services.AddVisionTransformer(o =>
        {
            (o.Engines, o.QueueLimit, o.MaxImageBytes, o.MaxImageBytesInMemory, o.MaxPixels, o.MegapixelsAtOnce) = (0, -1, 3_000_000_000, 5, 0, 0);
            o.ScoringPrecision = (ScoringPrecision)7;
            (o.ThreadsPerEngine, o.ReloadDelay, o.ReloadPollInterval, o.ImageColumn) = (0, TimeSpan.Zero, TimeSpan.FromDays(30), " ");
        });
        using var provider = services.BuildServiceProvider();

        var e = Assert.ThrowsExactly<OptionsValidationException>(provider.GetRequiredService<VisionTransformerClassifier>);

        string[] expected =
        [
            "Model is not set; set it to a model file, a checkpoint folder or a hub id, or set Load.",
            "ImageColumn is blank; leave it null to find the column in the model file.",
            "ScoringPrecision is 7, which is no value of ScoringPrecision.",
            "Engines is 0; it must be at least 1.",
            "QueueLimit is -1; it must be at least 0.",
            $"MaxImageBytes is 3000000000; it must be at most {Array.MaxLength}.",
            "MaxImageBytesInMemory is 5; it must be at least 3000000000.",
            "MaxPixels is 0; it must be at least 1.",
            "MegapixelsAtOnce is 0; it must be at least 1.",
            "ThreadsPerEngine is 0; it must be at least 1.",
            "ReloadDelay is 00:00:00; it must be above zero and at most 24 days.",
            "ReloadPollInterval is 30.00:00:00; it must be above zero and at most 24 days.",
        ];
        CollectionAssert.AreEqual(expected, e.Failures.ToArray());
    }

    [TestMethod]
    public void ModelAndLoadTogetherAreAnError()
    {
        var services = new ServiceCollection();
        services.AddVisionTransformer("model.zip", o => o.Load = _ => throw new AssertFailedException("loaded"));
        using var provider = services.BuildServiceProvider();

        var e = Assert.ThrowsExactly<OptionsValidationException>(provider.GetRequiredService<VisionTransformerClassifier>);

        StringAssert.Contains(e.Message, "Both Model and Load are set");
    }

    [TestMethod]
    public async Task ACheckpointFolderAndAModelOfOnesOwnAreServed()
    {
        string checkpoint = Path.Combine(TestData.Path("golden"), "checkpoints", "timm");
        var services = new ServiceCollection();
        services.AddVisionTransformer(checkpoint);
        services.AddKeyedVisionTransformer("own", o => o.Load = context => context.Model.LoadVisionTransformer(checkpoint, "Picture"));
        services.AddKeyedVisionTransformer("named", o => (o.Load, o.ImageColumn) = (context => context.Model.LoadVisionTransformer(checkpoint, "Picture"), "Picture"));
        await using var provider = services.BuildServiceProvider();
        byte[] photo = TrainedModels.Photos[0];

        var classes = await provider.GetRequiredService<VisionTransformerClassifier>().ClassifyAsync(photo, Cancellation);
        var named = await provider.GetRequiredKeyedService<VisionTransformerClassifier>("named").ClassifyAsync(photo, Cancellation);
        var unknown = Assert.ThrowsExactly<InvalidDataException>(() => provider.GetRequiredKeyedService<VisionTransformerClassifier>("own"));

        CollectionAssert.AreEqual(classes.ToArray(), named.ToArray());
        Assert.AreEqual("The image column of The model that Load gave could not be found. Set ImageColumn to its name.", unknown.Message);
    }

    [TestMethod]
    public void AFileWithoutAClassifierOrWithoutThatColumn_IsAnError()
    {
        using var folder = new TemporaryFolder();
        string features = folder.Write(TrainedModels.FeatureFile), classifier = folder.Write(TrainedModels.First, "classifier.zip");
        int alive = ServedModel.Alive;
        var services = new ServiceCollection();
        services.AddKeyedVisionTransformer("features", features);
        services.AddKeyedVisionTransformer("column", classifier, o => o.ImageColumn = "Label");
        using var provider = services.BuildServiceProvider();

        var noClassifier = Assert.ThrowsExactly<InvalidDataException>(() => provider.GetRequiredKeyedService<VisionTransformerClassifier>("features"));
        var noColumn = Assert.ThrowsExactly<InvalidDataException>(() => provider.GetRequiredKeyedService<VisionTransformerClassifier>("column"));

        Assert.AreEqual($"{features} does not contain a Vision Transformer that classifies.", noClassifier.Message);
        StringAssert.StartsWith(noColumn.Message, $"{classifier} does not read images from the column 'Label'.");
        Assert.AreEqual(alive, ServedModel.Alive);
    }

    [TestMethod]
    public async Task SeveralEmbeddingGeneratorsByKey()
    {
        using var folder = new TemporaryFolder();
        string first = folder.Write(TrainedModels.First), features = folder.Write(TrainedModels.FeatureFile, "features.zip");
        var services = new ServiceCollection();
        services.AddVisionTransformerEmbeddings(first);
        services.AddKeyedVisionTransformerEmbeddings("features", features, o => o.BatchSize = 3);
        await using var provider = services.BuildServiceProvider();

        var plain = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
        var keyed = provider.GetRequiredKeyedService<IEmbeddingGenerator<DataContent, Embedding<float>>>("features");

        Assert.AreSame(plain, provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>());
        Assert.AreEqual(3, keyed.GetRequiredService<VisionTransformerFeatureTransformer>().ScoringBatchSize);
        Assert.AreEqual(32, plain.GetRequiredService<VisionTransformerFeatureTransformer>().Dimension);
    }
}
