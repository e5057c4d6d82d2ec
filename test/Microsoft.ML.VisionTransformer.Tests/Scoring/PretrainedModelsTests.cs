// A public checkpoint loaded directly as a transformer: scores, class names, single rows, the model file, and what is rejected.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class PretrainedModelsTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("hf-vit")]
    [DataRow("hf-vit-sharded")]
    [DataRow("timm")]
    [DataRow("hf-dinov2-classifier")]
    public void ACheckpoint_ScoresImagesWithNoTraining(string folder)
    {
        using var model = _context.Model.LoadVisionTransformer(Golden(folder));
        using var checkpoint = VisionTransformerCheckpoint.Load(Golden(folder));
        var samples = ColoredSamples.Make(1);

        var scored = model.Transform(_context.Data.LoadFromEnumerable(samples));

        float[][] scores = TinyTraining.Scores(scored), expected = Probabilities(checkpoint, samples);
        Assert.HasCount(3, scores);
        for (int i = 0; i < scores.Length; i++)
        {
            Assert.AreEqual(1, scores[i].Sum(), 1e-6);
            for (int c = 0; c < scores[i].Length; c++)
                Assert.AreEqual(expected[i][c], scores[i][c], 1e-6);
        }
    }

    [TestMethod]
    public void ThePredictedLabel_HasTheCheckpointsClassNames()
    {
        using var model = _context.Model.LoadVisionTransformer(Golden("hf-vit"));
        var mapping = _context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(model.Transform(Images()));

        var scored = mapping.Transform(model.Transform(Images()));

        string[] names = [.. scored.GetColumn<string>("PredictedLabel")];
        float[][] scores = TinyTraining.Scores(scored);
        string[] known =
            ["tench", "English springer", "cassette player", "chain saw", "church", "French horn", "garbage truck", "gas pump", "golf ball", "parachute"];
        CollectionAssert.AreEqual(known, model.ClassNames.ToArray());
        for (int i = 0; i < names.Length; i++)
            Assert.AreEqual(known[Array.IndexOf(scores[i], scores[i].Max())], names[i]);
    }

    [TestMethod]
    public void ASavedModel_GivesTheSameBits_InBatchesAndOneByOne()
    {
        using var model = _context.Model.LoadVisionTransformer(Golden("hf-vit"));
        string zip = TinyTraining.SavedModel(_folder, _context, model, Images().Schema);
        float[][] expected = TinyTraining.Scores(model.Transform(Images()));

        var context = new MLContext();
        var loaded = context.Model.Load(zip, out _);

        float[][] scores = TinyTraining.Scores(loaded.Transform(Images()));
        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], scores[i]);
        using var engine = context.Model.CreatePredictionEngine<ColoredSample, Prediction>(loaded);
        var samples = ColoredSamples.Make(1);
        for (int i = 0; i < samples.Length; i++)
        {
            float[] one = engine.Predict(samples[i]).Score;
            for (int c = 0; c < one.Length; c++)
                Assert.AreEqual(expected[i][c], one[c], 1e-6);
        }

        (loaded as IDisposable)!.Dispose();
    }

    [TestMethod]
    public void OwnColumnNames_AreUsed()
    {
        using var model = _context.Model.LoadVisionTransformer(Golden("hf-vit"), "Image", new() { ScoreColumnName = "Probabilities", PredictedLabelColumnName = "Class" });

        var schema = model.GetOutputSchema(Images().Schema);

        Assert.IsNotNull(schema.GetColumnOrNull("Probabilities"));
        Assert.IsNotNull(schema.GetColumnOrNull("Class"));
        Assert.IsNull(schema.GetColumnOrNull("Score"));
    }

    [TestMethod]
    public void AnotherImageSize_IsTakenByTheSameWeights()
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(Golden("hf-vit"));
        using var model = _context.Model.LoadVisionTransformer(Golden("hf-vit"), options: new() { Architecture = checkpoint.Architecture with { ImageSize = (48, 32) } });

        Assert.AreEqual(new ImageDimensions(48, 32), model.Preprocessing.Size);
        Assert.AreEqual(1, TinyTraining.Scores(model.Transform(Images()))[0].Sum(), 1e-6);
    }

    [TestMethod]
    public void LoadingScoringAndDisposing_GiveAllTensorsBack()
    {
        LiveTensors.AssertSameAfter(() =>
        {
            using var model = _context.Model.LoadVisionTransformer(Golden("hf-vit"));
            TinyTraining.Scores(model.Transform(Images()));
        });
    }

    [TestMethod]
    [DataRow("hf-dinov2", "it has no head")]
    [DataRow("hf-vit-backbone", "it has no head")]
    [DataRow("hf-siglip", "it has no head")]
    [DataRow("hf-clip", "its head is a projection into another embedding")]
    public void ACheckpointWithoutAClassificationHead_SaysWhatToDoInstead(string folder, string why)
    {
        var error = Assert.ThrowsExactly<NotSupportedException>(() => _context.Model.LoadVisionTransformer(Golden(folder)));

        Assert.Contains(why, error.Message);
        Assert.Contains("mlContext.Transforms.VisionTransformerFeatures", error.Message);
        Assert.Contains("setting PretrainedModel in the trainer's options", error.Message);
    }

    [TestMethod]
    public void FourChannels_AreRefusedWithTheWayOut()
    {
        string path = Path.Combine(GoldenModel.Folder("vit_in_chans_4"), "weights.safetensors");

        var error = Assert.ThrowsExactly<NotSupportedException>(
            () => _context.Model.LoadVisionTransformer(path, options: new() { Architecture = GoldenModel.ArchitectureOf("vit_in_chans_4") }));

        Assert.Contains("takes images with 4 channels; images are read with 3", error.Message);
    }

    [TestMethod]
    public void ACancelledTokenEndsTheReading() => LiveTensors.AssertSameAfter(
        () => Assert.Throws<OperationCanceledException>(
            () => _context.Model.LoadVisionTransformer(Golden("hf-vit"), options: new() { CancellationToken = new CancellationToken(canceled: true) })));

    [TestMethod]
    public void ACancelledTokenEndsTheReadingForEmbeddingsToo() => Assert.Throws<OperationCanceledException>(
        () => _context.Transforms.VisionTransformerFeatures("Features", "Image", new() { PretrainedModel = Golden("hf-vit"), CancellationToken = new CancellationToken(canceled: true) })
            .Fit(_context.Data.LoadFromEnumerable(ColoredSamples.Make(1))));

    private static int ParametersOf(string folder)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(Golden(folder));
        return checkpoint.Architecture.Parameters().Count();
    }

    [TestMethod]
    public void AMissingPath_IsNoDownload()
    {
        string path = Path.Combine(_folder.Path, "nowhere", "model.safetensors");

        var error = Assert.ThrowsExactly<FileNotFoundException>(() => _context.Model.LoadVisionTransformer(path));

        Assert.Contains(path, error.Message);
        Assert.Contains("not a hub model id (owner/name)", error.Message);
    }

    [TestMethod]
    [DoNotParallelize]
    public void AHubIdWithoutANetwork_SaysHowToGiveAPath()
    {
        string? offline = Environment.GetEnvironmentVariable("HF_HUB_OFFLINE"), cache = Environment.GetEnvironmentVariable("HF_HUB_CACHE");
        try
        {
            Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", "1");
            Environment.SetEnvironmentVariable("HF_HUB_CACHE", _folder.Path);

            var error = Assert.ThrowsExactly<ModelDownloadException>(() => _context.Model.LoadVisionTransformer("someone/some-vit"));

            Assert.Contains("someone/some-vit", error.Message);
            Assert.Contains("HF_HUB_OFFLINE", error.Message);
            Assert.Contains("path", error.Message);
        }
        finally
        {
            Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", offline);
            Environment.SetEnvironmentVariable("HF_HUB_CACHE", cache);
        }
    }

    private static string Golden(string folder) => TestData.Path("golden", "checkpoints", folder);

    private static float[][] Probabilities(VisionTransformerCheckpoint checkpoint, ColoredSample[] samples)
    {
        using var network = checkpoint.CreateNetwork();
        network.eval();
        using var scope = torch.NewDisposeScope();
        using var mode = torch.no_grad();
        var probabilities = torch.softmax(network.forward(NetworkInputs.Of(checkpoint.Preprocessing, samples)), 1);
        return [.. Enumerable.Range(0, samples.Length).Select(i => probabilities[i].Values())];
    }

    private IDataView Images() => _context.Data.LoadFromEnumerable(ColoredSamples.Make(1));
}
