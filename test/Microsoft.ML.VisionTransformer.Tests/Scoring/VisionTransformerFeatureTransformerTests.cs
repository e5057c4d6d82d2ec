// Embeddings as a column: against tokens pooled by hand, normalized, in batches and row by row, before other trainers, and in the model file.
using System.Text;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class VisionTransformerFeatureTransformerTests : IDisposable
{
    private const double Tolerance = 1e-5;

    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("hf-vit", FeatureKind.Pooled, 32)]
    [DataRow("hf-vit", FeatureKind.ClassToken, 32)]
    [DataRow("hf-vit", FeatureKind.Average, 32)]
    [DataRow("hf-vit", FeatureKind.ClassTokenAndAverage, 64)]
    [DataRow("hf-vit", FeatureKind.HeadOutput, 10)]
    [DataRow("hf-dinov2-registers", FeatureKind.Pooled, 36)]
    [DataRow("hf-dinov2-registers", FeatureKind.Average, 36)]
    [DataRow("hf-dinov2-classifier", FeatureKind.Pooled, 72)]
    [DataRow("hf-dinov2-classifier", FeatureKind.ClassTokenAndAverage, 72)]
    [DataRow("hf-dinov3", FeatureKind.ClassToken, 36)]
    [DataRow("hf-siglip", FeatureKind.Pooled, 32)]
    [DataRow("hf-siglip", FeatureKind.Average, 32)]
    [DataRow("hf-clip", FeatureKind.HeadOutput, 10)]
    public void EachKind_IsWhatTheTokensGive(string folder, FeatureKind kind, int width)
    {
        var samples = ColoredSamples.Make(2);
        using var checkpoint = VisionTransformerCheckpoint.Load(Golden(folder));

        float[][] features = Features(Estimator(folder, kind), samples);

        float[][] expected = ByHand(checkpoint, kind, samples);
        Assert.HasCount(samples.Length, features);
        for (int i = 0; i < features.Length; i++)
        {
            Assert.HasCount(width, features[i]);
            for (int d = 0; d < width; d++)
                Assert.AreEqual(expected[i][d], features[i][d], Tolerance, $"image {i}, value {d}");
        }
    }

    [TestMethod]
    [DataRow("PatchMean", FeatureKind.Average)]
    [DataRow("ClassTokenAndPatchMean", FeatureKind.ClassTokenAndAverage)]
    [DataRow("Average", FeatureKind.Average)]
    [DataRow("Pooled", FeatureKind.Pooled)]
    public void AModelFileOfAnEarlierBuildNamesTheKindAsItDidThen(string name, FeatureKind expected)
    {
        string json = Encoding.UTF8.GetString(ModelJson.Write(new FeatureColumn("Image", "Features", FeatureKind.HeadOutput, Normalize: false)));

        Assert.AreEqual(expected, ModelJson.Read<FeatureColumn>(Encoding.UTF8.GetBytes(json.Replace("HeadOutput", name, StringComparison.Ordinal))).Kind);
        Assert.ThrowsExactly<JsonException>(() => ModelJson.Read<FeatureColumn>(Encoding.UTF8.GetBytes(json.Replace("HeadOutput", "Other", StringComparison.Ordinal))));
        Assert.ThrowsExactly<JsonException>(() => ModelJson.Read<FeatureColumn>(Encoding.UTF8.GetBytes(json.Replace("\"HeadOutput\"", "2", StringComparison.Ordinal))));
    }

    [TestMethod]
    public void Average_PassesTheNormThatFollowsThePool()
    {
        var options = new VisionTransformerFeatureOptions
        {
            PretrainedModel = Path.Combine(GoldenModel.Folder("vit_avg_fcnorm"), "weights.safetensors"),
            Architecture = GoldenModel.ArchitectureOf("vit_avg_fcnorm"),
            Device = "cpu",
        };
        var samples = ColoredSamples.Make(1);

        float[][] pooled = Features(_context.Transforms.VisionTransformerFeatures("Features", "Image", options), samples);
        float[][] mean = Features(_context.Transforms.VisionTransformerFeatures("Features", "Image", options with { Kind = FeatureKind.Average }), samples);

        for (int i = 0; i < pooled.Length; i++)
        {
            for (int d = 0; d < pooled[i].Length; d++)
                Assert.AreEqual(pooled[i][d], mean[i][d], Tolerance);
        }
    }

    [TestMethod]
    public void Normalize_GivesEachLengthOne_AndKeepsTheDirection()
    {
        var samples = ColoredSamples.Make(2);

        float[][] plain = Features(Estimator("hf-vit", FeatureKind.Pooled), samples);
        float[][] unit = Features(Estimator("hf-vit", FeatureKind.Pooled, normalize: true), samples);

        for (int i = 0; i < plain.Length; i++)
        {
            double length = Math.Sqrt(plain[i].Sum(v => (double)v * v));
            Assert.AreEqual(1, Math.Sqrt(unit[i].Sum(v => (double)v * v)), 1e-6);
            for (int d = 0; d < unit[i].Length; d++)
                Assert.AreEqual(plain[i][d] / length, unit[i][d], 1e-6);
        }
    }

    [TestMethod]
    public void BatchesAndSingleRows_GiveTheSame()
    {
        var samples = ColoredSamples.Make(12);
        using var model = Estimator("hf-vit", FeatureKind.ClassTokenAndAverage).Fit(Data(samples));
        using var engine = _context.Model.CreatePredictionEngine<ColoredSample, Embedded>(model);

        float[][] batched = Read(model.Transform(Data(samples)));

        for (int i = 0; i < samples.Length; i++)
        {
            float[] one = engine.Predict(samples[i]).Features;
            for (int d = 0; d < one.Length; d++)
                Assert.AreEqual(batched[i][d], one[d], Tolerance);
        }
    }

    [TestMethod]
    [DataRow("sdca")]
    [DataRow("lbfgs")]
    public void StockTrainers_LearnFromTheEmbeddings_AndSaveThemInTheSameZip(string trainer)
    {
        var samples = ColoredSamples.Make(12);
        var trainers = _context.MulticlassClassification.Trainers;
        IEstimator<ITransformer> last = trainer == "sdca" ? trainers.SdcaMaximumEntropy(maximumNumberOfIterations: 20) : trainers.LbfgsMaximumEntropy();
        var pipeline = _context.Transforms.Conversion.MapValueToKey("Label")
            .Append(Estimator("hf-vit", FeatureKind.ClassTokenAndAverage))
            .AppendCacheCheckpoint(_context)
            .Append(last)
            .Append(_context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        using var model = pipeline.Fit(Data(samples));
        string zip = TinyTraining.SavedModel(_folder, _context, model, Data(samples).Schema);

        var loaded = new MLContext().Model.Load(zip, out _);

        var (before, after) = (model.Transform(Data(samples)), loaded.Transform(Data(samples)));
        var metrics = _context.MulticlassClassification.Evaluate(before);
        Assert.IsGreaterThan(0.9, metrics.MicroAccuracy);
        AssertSame(Read(before), Read(after));
        AssertSame(TinyTraining.Scores(before), TinyTraining.Scores(after));
        CollectionAssert.AreEqual(before.GetColumn<string>("PredictedLabel").ToArray(), after.GetColumn<string>("PredictedLabel").ToArray());
        (loaded as IDisposable)!.Dispose();
    }

    [TestMethod]
    public void KMeans_FindsTheColors()
    {
        var samples = ColoredSamples.Make(8);
        var pipeline = Estimator("hf-vit", FeatureKind.Average, normalize: true).AppendCacheCheckpoint(_context).Append(_context.Clustering.Trainers.KMeans(numberOfClusters: 3));
        using var model = pipeline.Fit(Data(samples));

        uint[] clusters = [.. model.Transform(Data(samples)).GetColumn<uint>("PredictedLabel")];

        foreach (var color in samples.Zip(clusters).GroupBy(pair => pair.First.Label))
            Assert.HasCount(1, color.Select(pair => pair.Second).Distinct().ToArray(), color.Key);
        Assert.HasCount(3, clusters.Distinct().ToArray());
    }

    [TestMethod]
    public void AnotherEmbeddingColumn_KeepsTheImageAndHidesNothingElse()
    {
        var estimator = _context.Transforms.VisionTransformerFeatures("Embedding", "Image", Options("hf-vit", FeatureKind.Pooled));
        var data = Data(ColoredSamples.Make(1));
        using var model = estimator.Fit(data);

        var column = model.GetOutputSchema(data.Schema)["Embedding"];

        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 32), column.Type);
        Assert.IsNotNull(model.Transform(data).Schema.GetColumnOrNull("Image"));
        Assert.AreEqual((32, FeatureKind.Pooled), (model.Dimension, model.Kind));
        Assert.AreEqual(0, model.Architecture.Classes, "the head is left out where it is not asked for");
    }

    [TestMethod]
    [DataRow(FeatureKind.Pooled, false, true)]
    [DataRow(FeatureKind.Pooled, false, false)]
    [DataRow(FeatureKind.ClassTokenAndAverage, true, true)]
    [DataRow(FeatureKind.HeadOutput, false, true)]
    public void OfAClassifier_AreThoseOfItsCheckpoint_WhicheverIsDisposedFirst(FeatureKind kind, bool normalize, bool classifierFirst)
    {
        var samples = ColoredSamples.Make(2);
        string folder = Path.GetDirectoryName(_folder.File("exported", "x"))!;
        var classifier = _context.Model.LoadVisionTransformer(Golden("hf-vit"), "Image");
        classifier.SaveAsSafetensors(folder);
        float[][] expected = Features(_context.Transforms.VisionTransformerFeatures("Features", "Image", Options("hf-vit", kind, normalize) with { PretrainedModel = folder }), samples);
        float[][] scores = TinyTraining.Scores(classifier.Transform(Data(samples)));

        var featurizer = classifier.ToFeatureTransformer("Features", options: new VisionTransformerFeatureOptions { Kind = kind, Normalize = normalize });
        AssertSame(expected, Read(featurizer.Transform(Data(samples))));
        (classifierFirst ? (IDisposable)classifier : featurizer).Dispose();

        if (classifierFirst)
        {
            AssertSame(expected, Read(featurizer.Transform(Data(samples))));
            Assert.ThrowsExactly<ObjectDisposedException>(() => classifier.Transform(Data(samples)));
            Assert.ThrowsExactly<ObjectDisposedException>(() => classifier.ToFeatureTransformer("Features"));
        }
        else
        {
            AssertSame(scores, TinyTraining.Scores(classifier.Transform(Data(samples))));
            Assert.ThrowsExactly<ObjectDisposedException>(() => featurizer.Transform(Data(samples)));
        }

        classifier.Dispose();
        featurizer.Dispose();
        classifier.Dispose();
    }

    [TestMethod]
    public void OfAClassifier_AreSavedAndExportedByThemselves()
    {
        var samples = ColoredSamples.Make(2);
        using var classifier = _context.Model.LoadVisionTransformer(Golden("hf-vit"), "Image");
        using var featurizer = classifier.ToFeatureTransformer("Features", "Image");
        float[][] expected = Read(featurizer.Transform(Data(samples)));
        featurizer.ScoringBatchSize = 1;

        string zip = TinyTraining.SavedModel(_folder, _context, featurizer, Data(samples).Schema);
        featurizer.SaveAsOnnx(_folder.File("m.onnx"));
        var loaded = _context.Model.Load(zip, out _);

        AssertSame(expected, Read(loaded.Transform(Data(samples))));
        Assert.AreNotEqual(1, classifier.ScoringBatchSize);
        Assert.AreEqual(0, ((VisionTransformerFeatureTransformer)loaded).Architecture.Classes, "the head is not saved");
        using var checkpoint = VisionTransformerCheckpoint.Load(_folder.File("m.onnx"));
        Assert.AreEqual(classifier.Architecture.EmbeddingDimension, checkpoint.Architecture.EmbeddingDimension);
        (loaded as IDisposable)!.Dispose();
    }

    [TestMethod]
    public void OfAClassifier_GiveAllTensorsBackWithTheLastOwner()
    {
        var samples = ColoredSamples.Make(1);
        using var classifier = _context.Model.LoadVisionTransformer(Golden("hf-vit"), "Image");
        LiveTensors.AssertSameAfter(() =>
        {
            using var featurizer = classifier.ToFeatureTransformer("Features");
            Read(featurizer.Transform(Data(samples)));
        });

        LiveTensors.AssertSameAfter(() =>
        {
            using var loaded = _context.Model.LoadVisionTransformer(Golden("hf-vit"), "Image");
            using var featurizer = loaded.ToFeatureTransformer("Features");
            Read(featurizer.Transform(Data(samples)));
        });
    }

    [TestMethod]
    public void OfAClassifier_TakeNoOtherNetwork()
    {
        using var classifier = _context.Model.LoadVisionTransformer(Golden("hf-vit"), "Image");

        void Refuses(VisionTransformerFeatureOptions options, string reason) =>
            Assert.Contains(reason, Assert.Throws<ArgumentException>(() => classifier.ToFeatureTransformer("Features", null, options)).Message);
        Refuses(new() { PretrainedModel = Golden("hf-vit") }, "PretrainedModel or Architecture is set");
        Refuses(new() { Architecture = classifier.Architecture }, "PretrainedModel or Architecture is set");
        Refuses(new() { Preprocessing = classifier.Preprocessing with { Size = 8 } }, "produces images of 8x8 pixels");
        Refuses(new() { OnInvalidImage = InvalidImageHandling.Skip }, "OnInvalidImage");
        Refuses(new() { Device = "gpu" }, "Device is 'gpu'");
    }

    [TestMethod]
    public void FittingEmbeddingAndDisposing_GiveAllTensorsBack()
    {
        var samples = ColoredSamples.Make(1);

        LiveTensors.AssertSameAfter(() => Features(Estimator("hf-vit", FeatureKind.ClassTokenAndAverage, normalize: true), samples));
    }

    [TestMethod]
    public void WithoutAPretrainedModel_ThereIsNothingToEmbedWith()
    {
        var error = Assert.Throws<ArgumentException>(() => _context.Transforms.VisionTransformerFeatures("Features", "Image"));

        Assert.Contains("PretrainedModel", error.Message);
    }

    [TestMethod]
    [DataRow("hf-siglip", FeatureKind.ClassToken, "has no class token")]
    [DataRow("hf-siglip", FeatureKind.ClassTokenAndAverage, "has no class token")]
    [DataRow("hf-siglip", FeatureKind.HeadOutput, "has no head")]
    [DataRow("hf-dinov2", FeatureKind.HeadOutput, "has no head")]
    public void AKindThatTheNetworkLacks_IsRefusedWithAnother(string folder, FeatureKind kind, string why)
    {
        var error = Assert.Throws<ArgumentException>(() => Estimator(folder, kind).Fit(Data(ColoredSamples.Make(1))));

        Assert.Contains(why, error.Message);
        Assert.Contains("Use Pooled", error.Message);
    }

    private static string Golden(string folder) => TestData.Path("golden", "checkpoints", folder);

    private static VisionTransformerFeatureOptions Options(string folder, FeatureKind kind, bool normalize = false) =>
        new() { PretrainedModel = Golden(folder), Kind = kind, Normalize = normalize, Device = "cpu" };

    private static float[][] Read(IDataView view) => [.. view.GetColumn<float[]>("Features")];

    /// <summary>The embedding, pooled here from the network's tokens.</summary>
    private static float[][] ByHand(VisionTransformerCheckpoint checkpoint, FeatureKind kind, ColoredSample[] samples)
    {
        using var network = checkpoint.CreateNetwork();
        network.eval();
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var tokens = network.ForwardFeatures(NetworkInputs.Of(checkpoint.Preprocessing, samples));
        int prefix = network.Architecture.PrefixTokens;
        var (first, mean) = (tokens.select(1, 0), tokens.narrow(1, prefix, tokens.size(1) - prefix).mean([1]));
        var features = kind switch
        {
            FeatureKind.ClassToken => first,
            FeatureKind.Average => mean,
            FeatureKind.ClassTokenAndAverage => cat([first, mean], 1),
            FeatureKind.HeadOutput => network.ForwardHead(tokens),
            _ => network.ForwardHead(tokens, preLogits: true),
        };
        return [.. Enumerable.Range(0, samples.Length).Select(i => features[i].Values())];
    }

    private static void AssertSame(float[][] expected, float[][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], actual[i]);
    }

    private VisionTransformerFeatureEstimator Estimator(string folder, FeatureKind kind, bool normalize = false) =>
        _context.Transforms.VisionTransformerFeatures("Features", "Image", Options(folder, kind, normalize));

    private float[][] Features(VisionTransformerFeatureEstimator estimator, ColoredSample[] samples)
    {
        using var model = estimator.Fit(Data(samples));
        return Read(model.Transform(Data(samples)));
    }

    private IDataView Data(ColoredSample[] samples) => _context.Data.LoadFromEnumerable(samples);
}

/// <summary>The output of a prediction engine that embeds images.</summary>
internal sealed class Embedded
{
    public float[] Features { get; set; } = [];
}
