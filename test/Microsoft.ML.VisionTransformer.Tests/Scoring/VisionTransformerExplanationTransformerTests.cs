// Explanations through the public API: of files, encoded bytes and decoded images, and as a column.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class VisionTransformerExplanationTransformerTests
{
    private static MLContext _context = null!;
    private static TransformerChain<VisionTransformerPredictionTransformer> _chain = null!;
    private static ColoredSample[] _samples = null!;
    private static float[][] _scores = null!;

    private static VisionTransformerPredictionTransformer Model => _chain.LastTransformer;

    [ClassInitialize]
    public static void TrainOnce(TestContext _)
    {
        _context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        options.OnInvalidImageInPrediction = InvalidImageHandling.Missing;
        _chain = TinyTraining.Train(_context, TinyTraining.Data(_context), options);
        _samples = ColoredSamples.Make(3);
        _scores = TinyTraining.Scores(_chain.Transform(Data()));
    }

    [ClassCleanup]
    public static void Free() => _chain.Dispose();

    [TestMethod]
    [DataRow(ExplanationMethod.GradientAttention)]
    [DataRow(ExplanationMethod.Rollout)]
    public void ThePredictedClassIsExplained(ExplanationMethod method)
    {
        var found = Model.Explain(_samples[4].Image, new ExplanationOptions { Method = method });

        int best = Array.IndexOf(_scores[4], _scores[4].Max());
        Assert.AreEqual(best, found.ClassIndex);
        Assert.AreEqual(Model.ClassNames[best], found.ClassName);
        Assert.AreEqual(_scores[4][best], found.Probability, 1e-5);
        Assert.AreEqual(method, found.Method);
        Assert.AreEqual((2, 2, 4), (found.Rows, found.Columns, found.Map.Length));
        Assert.AreEqual(found.Map.Span[2], found[1, 0]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => found[0, 2]);
    }

    [TestMethod]
    public void FilesBytesAndImagesGiveTheSame()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("image.png");
        File.WriteAllBytes(path, _samples[1].Image);
        using var image = MLImage.CreateFromFile(path);

        float[] expected = Model.Explain(_samples[1].Image).Map.ToArray();

        CollectionAssert.AreEqual(expected, Model.Explain(path).Map.ToArray());
        CollectionAssert.AreEqual(expected, Model.Explain(image).Map.ToArray());
    }

    [TestMethod]
    public void AClassIsFoundByNameAndByPlace()
    {
        var byName = Model.Explain(_samples[0].Image, new ExplanationOptions { ClassName = "red" });
        var byPosition = Model.Explain(_samples[0].Image, new ExplanationOptions { ClassIndex = byName.ClassIndex });

        Assert.AreEqual("red", byName.ClassName);
        CollectionAssert.AreEqual(byName.Map.ToArray(), byPosition.Map.ToArray());
    }

    [TestMethod]
    public void ANameThatSeveralClassesHaveIsRefused()
    {
        string[] classes = ["crane", "heron", "crane"];

        var error = Assert.ThrowsExactly<ArgumentException>(() => ExplainedClass.Find(new ExplanationOptions { ClassName = "crane" }, classes));

        Assert.Contains("2 classes named 'crane', with the indexes 0, 2; set ClassIndex", error.Message);
        Assert.AreEqual(1, ExplainedClass.Find(new ExplanationOptions { ClassName = "heron" }, classes));
        Assert.AreEqual(2, ExplainedClass.Find(new ExplanationOptions { ClassIndex = 2 }, classes));
    }

    [TestMethod]
    [DataRow("Red", null, "did you mean 'red'?")]
    [DataRow(null, 3, "ClassIndex is 3")]
    [DataRow(null, -1, "ClassIndex is -1")]
    [DataRow("red", 1, "both set")]
    public void AWrongClassIsRefused(string? name, int? index, string reason)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Model.Explain(_samples[0].Image, new ExplanationOptions { ClassName = name, ClassIndex = index }));

        Assert.Contains(reason, error.Message);
        if (name is null || index is null)
            StringAssert.Matches(error.Message, new("3 classes: .*green"));
    }

    [TestMethod]
    public void AnImageThatCannotBeReadIsAnErrorThatSaysWhich()
    {
        using var folder = new TemporaryFolder();
        var missing = Assert.ThrowsExactly<InvalidImageException>(() => Model.Explain(folder.File("no-such.jpg")));
        var broken = Assert.ThrowsExactly<InvalidImageException>(() => Model.Explain([1, 2, 3]));

        Assert.Contains("no-such.jpg", missing.Message);
        Assert.Contains("the image to explain", broken.Message);
    }

    [TestMethod]
    public void TheOverlayHasTheNetworksSizeAndAFileIsReplaced()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("overlay.png");
        File.WriteAllText(path, "what was there");
        var found = Model.Explain(_samples[0].Image);

        found.SaveOverlay(path);

        using var overlay = SKBitmap.Decode(path);
        Assert.AreEqual((16, 16), (overlay.Width, overlay.Height));
        CollectionAssert.AreEqual(found.OverlayPng(), File.ReadAllBytes(path));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void ThreadsExplainAndScoreAtOnce()
    {
        float[][] expected = [.. _samples.Select(s => Model.Explain(s.Image).Map.ToArray())];

        Parallel.For(0, 4 * _samples.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            int row = i % _samples.Length;
            if (i % 4 == 0)
                CollectionAssert.AreEqual(_scores[row], TinyTraining.Scores(_chain.Transform(Data()))[row]);
            float[] map = Model.Explain(_samples[row].Image).Map.ToArray();
            for (int p = 0; p < map.Length; p++)
                Assert.AreEqual(expected[row][p], map[p], 1e-6);
        });
    }

    /// <summary>TorchSharp's tensor count grows by one for each parameter created (<see cref="LiveTensors"/>), so it shows how much of a network was copied.</summary>
    [TestMethod]
    [DataRow(ExplanationMethod.GradientAttention)]
    [DataRow(ExplanationMethod.Rollout)]
    public void OfANetworkWhoseWeightsArePackedOneBlockIsCopied(ExplanationMethod method)
    {
        var architecture = TinyTraining.Architecture with { EmbeddingDimension = 48, Heads = 3, Classes = 3, Depth = 6 };
        using var network = ScoringNetwork.Of(new VisionTransformerNetwork(architecture), ComputeDevice.Cpu);
        float[] input = new float[network.InputLength];

        LiveTensors.AssertSameAfter(
            () => network.Explain(input, 1, method, target: null, temperature: 1), parametersCreated: (architecture with { Depth = 1 }).Parameters().Count());
    }

    [TestMethod]
    [DataRow(ExplanationMethod.GradientAttention)]
    [DataRow(ExplanationMethod.Rollout)]
    public void OfANetworkWhoseWeightsArePackedTheMapsAreTheSame(ExplanationMethod method)
    {
        var architecture = TinyTraining.Architecture with { EmbeddingDimension = 48, Heads = 3, Classes = 3, Depth = 6, LayerScale = 0.5 };
        using var scope = torch.NewDisposeScope();
        using var whole = new VisionTransformerNetwork(architecture, seed: 2);
        whole.eval();
        using var packed = ScoringNetwork.Of(new VisionTransformerNetwork(architecture, seed: 2), ComputeDevice.Cpu);
        float[] input = [.. Enumerable.Range(0, 2 * packed.InputLength).Select(i => MathF.Sin(i))];
        var images = torch.tensor(input, [2, architecture.Channels, architecture.ImageSize.Height, architecture.ImageSize.Width]);

        var expected = whole.Explain(images, method, target: 1, temperature: 1);
        var maps = packed.Explain(input, 2, method, target: 1, temperature: 1);

        CollectionAssert.AreEqual(expected.Values, maps.Values);
        CollectionAssert.AreEqual(expected.Probabilities, maps.Probabilities);
        Assert.IsTrue(whole.parameters().All(p => p.requires_grad && p.grad is null), "an explanation has changed the network");
    }

    [TestMethod]
    public void AllTensorsComeBack() => LiveTensors.AssertSameAfter(
        () => Model.Explain(_samples[0].Image), parametersCreated: (Model.Architecture with { Depth = 1 }).Parameters().Count());

    [TestMethod]
    [DataRow(ExplanationMethod.GradientAttention)]
    [DataRow(ExplanationMethod.Rollout)]
    public void AColumnHasTheSameMaps(ExplanationMethod method)
    {
        var column = _context.Transforms.VisionTransformerExplanation("Map", "Image", Model, method).Fit(Data());

        var explained = column.Transform(Data());

        CollectionAssert.AreEqual(new[] { 2, 2 }, ((VectorDataViewType)explained.Schema["Map"].Type).Dimensions.ToArray());
        float[][] maps = [.. explained.GetColumn<float[]>("Map")];
        Assert.HasCount(_samples.Length, maps);
        for (int row = 0; row < maps.Length; row++)
        {
            float[] expected = Model.Explain(_samples[row].Image, new ExplanationOptions { Method = method }).Map.ToArray();
            for (int p = 0; p < expected.Length; p++)
                Assert.AreEqual(expected[p], maps[row][p], 1e-5);
        }
    }

    [TestMethod]
    public void AColumnOfAnEngineHasTheSameMapsAndNothingForABrokenImage()
    {
        var column = _context.Transforms.VisionTransformerExplanation("Map", "Image", Model).Fit(Data());
        using var engine = _context.Model.CreatePredictionEngine<ColoredSample, Explained>(column);

        float[] expected = Model.Explain(_samples[2].Image).Map.ToArray(), found = engine.Predict(_samples[2]).Map;
        for (int p = 0; p < expected.Length; p++)
            Assert.AreEqual(expected[p], found[p], 1e-6);
        Assert.IsTrue(engine.Predict(new ColoredSample { Image = [1] }).Map.All(float.IsNaN));
    }

    [TestMethod]
    public void AColumnGoesIntoAPipelineAndIsNotSaved()
    {
        using var folder = new TemporaryFolder();
        var pipeline = _context.Transforms.CopyColumns("Photo", "Image").Append(_context.Transforms.VisionTransformerExplanation("Map", "Photo", Model));
        var fitted = pipeline.Fit(Data());

        var error = Assert.Throws<Exception>(() => _context.Model.Save(fitted, Data().Schema, folder.File("model.zip")));

        Assert.Contains("cannot be saved", error.ToString());
        Assert.HasCount(_samples.Length, fitted.Transform(Data()).GetColumn<float[]>("Map"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _context.Transforms.VisionTransformerExplanation("Map", "Other", Model).Fit(Data()));
    }

    [TestMethod]
    public void ADisposedModelSaysSo()
    {
        var chain = TinyTraining.Train(_context, TinyTraining.Data(_context, perClass: 3));
        chain.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => chain.LastTransformer.Explain(_samples[0].Image));
    }

    private static IDataView Data() => _context.Data.LoadFromEnumerable(_samples);

    private sealed class Explained
    {
        public float[] Map { get; set; } = [];
    }
}
