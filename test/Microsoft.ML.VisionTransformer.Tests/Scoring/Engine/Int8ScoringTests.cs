// Scoring in int8: nearly the same scores, and nothing else changes.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Engine;

[TestClass]
public sealed class Int8ScoringTests
{
    private static readonly VisionTransformerArchitecture _architecture = TinyTraining.Architecture with { EmbeddingDimension = 48, Heads = 3, Classes = 3 };

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> GoldenNames => GoldenModel.Names.Select(name => new object[] { name });

    /// <summary>Every kind of layer: the error is that of 8 bits.</summary>
    [TestMethod]
    [DynamicData(nameof(GoldenNames))]
    public void EmbeddingsOfEveryNetworkAreNearlyTheSame(string name)
    {
        using var golden = GoldenModel.Load(name);
        using var model = ScoringNetwork.Of(NetworkCopy.Of(golden.Network), ComputeDevice.Cpu);
        float[] pixels = golden["input"].data<float>().ToArray();
        int count = (int)golden["input"].size(0);
        float[] before = model.Features(pixels, count, FeatureKind.Average, normalize: true);

        model.Precision = ScoringPrecision.Int8;
        float[] rounded = model.Features(pixels, count, FeatureKind.Average, normalize: true);

        double error = Math.Sqrt(before.Zip(rounded).Sum(p => Math.Pow(p.First - p.Second, 2)) / count);
        TestContext.WriteLine($"distance of embeddings of length 1: {error:g3}");
        Assert.IsGreaterThan(0, error, "8 bits give other embeddings");
        Assert.IsLessThan(0.05, error);
    }

    [TestMethod]
    public void ScoresAreNearlyTheSameAndBackAgainTheVerySame()
    {
        using var model = Model();
        float[] inputs = Inputs(5), before = model.Probabilities(inputs, 5, 1);

        model.Precision = ScoringPrecision.Int8;
        float[] rounded = model.Probabilities(inputs, 5, 1);
        model.Precision = ScoringPrecision.Float32;

        CollectionAssert.AreNotEqual(before, rounded, "8 bits give other scores");
        for (int i = 0; i < before.Length; i++)
            Assert.AreEqual(before[i], rounded[i], 0.02, $"score {i}");
        CollectionAssert.AreEqual(before, model.Probabilities(inputs, 5, 1));
    }

    [TestMethod]
    public void ScoresDependNeitherOnTheBatchNorOnThreads()
    {
        using var model = Model();
        model.Precision = ScoringPrecision.Int8;
        float[] inputs = Inputs(8), together = model.Probabilities(inputs, 8, 1);
        int length = inputs.Length / 8;

        float[][] alone = new float[8][];
        Parallel.For(0, 8, i => alone[i] = model.Probabilities(inputs[(i * length)..((i + 1) * length)], 1, 1));

        CollectionAssert.AreEqual(together, alone.SelectMany(s => s).ToArray());
    }

    [TestMethod]
    public void WeightsThatAreSavedKeepAllBits()
    {
        using var network = new VisionTransformerNetwork(_architecture, seed: 4);
        var expected = network.state_dict().ToDictionary(t => t.Key, t => t.Value.data<float>().ToArray());
        using var model = Model();
        model.Precision = ScoringPrecision.Int8;
        model.UseWeights(weights =>
        {
            foreach (var (name, values) in expected)
                CollectionAssert.AreEqual(values, weights[name].Values(), name);
        });
    }

    [TestMethod]
    public void TokensCanBeMerged()
    {
        using var model = Model();
        (model.Precision, model.MergedTokens) = (ScoringPrecision.Int8, 1);
        float[] inputs = Inputs(3), rounded = model.Probabilities(inputs, 3, 1);
        model.Precision = ScoringPrecision.Float32;
        float[] exact = model.Probabilities(inputs, 3, 1);
        for (int i = 0; i < exact.Length; i++)
            Assert.AreEqual(exact[i], rounded[i], 0.05, $"score {i}");
    }

    [TestMethod]
    public void AnotherOwnerOfTheWeightsChoosesItsOwnPrecision()
    {
        using var model = Model();
        using var other = model.ShareWeights(null);
        float[] inputs = Inputs(2), exact = model.Probabilities(inputs, 2, 1);
        model.Precision = ScoringPrecision.Int8;
        CollectionAssert.AreEqual(exact, other.Probabilities(inputs, 2, 1));
    }

    [TestMethod]
    public void MemoryIsGivenBack() => LiveTensors.AssertSameAfter(
        () =>
        {
            using var model = Model();
            model.Precision = ScoringPrecision.Int8;
            model.Probabilities(Inputs(2), 2, 1);
        },
        parametersCreated: _architecture.Parameters().Count());

    [TestMethod]
    public void AnImageThatIsNotFiniteIsAnError()
    {
        using var model = Model();
        model.Precision = ScoringPrecision.Int8;
        float[] inputs = Inputs(2);
        inputs[^1] = float.NaN;
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => model.Probabilities(inputs, 2, 1)).Message, "not finite for image 1");
    }

    [TestMethod]
    [DoNotParallelize]
    public void ANetworkThatLibtorchScoresSaysSo()
    {
        AppContext.SetSwitch(ScoringNetwork.FusedSwitch, false);
        try
        {
            using var model = Model();
            StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => model.Precision = ScoringPrecision.Int8).Message, "scored by libtorch");
            Assert.AreEqual(ScoringPrecision.Float32, model.Precision);
        }
        finally
        {
            AppContext.SetSwitch(ScoringNetwork.FusedSwitch, true);
        }
    }

    [TestMethod]
    public void ADisposedModelSaysSo()
    {
        var model = Model();
        model.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Precision = ScoringPrecision.Int8);
    }

    /// <summary>The bars of int8: of 200 photos at most one fewer is right, and 95 % of the answers are the same.</summary>
    [TestMethod]
    public void APretrainedNetworkKeepsItsAccuracy()
    {
        Requires.OptionalData();
        var context = new MLContext();
        var photos = context.Data.LoadImagesFromFolder(OptionalData.TinyImageNet);
        string[] labels = [.. photos.GetColumn<string>("Label")];
        using var model = context.Model.LoadVisionTransformer(OptionalData.PretrainedModel, "ImagePath");
        string[] exact = Answers();
        model.ScoringPrecision = ScoringPrecision.Int8;
        string[] rounded = Answers();

        int Right(string[] answers) => answers.Zip(labels).Count(p => p.First == p.Second);
        double agreement = exact.Zip(rounded).Count(p => p.First == p.Second) / (double)labels.Length;
        TestContext.WriteLine($"right: {Right(exact)} in float32, {Right(rounded)} in int8; the same answer: {agreement:P1}");
        Assert.IsGreaterThanOrEqualTo(0.95, agreement);
        Assert.IsGreaterThanOrEqualTo(Right(exact) - (ByteRange ? 1 : 4), Right(rounded));

        string[] Answers() => [.. model.Transform(photos).GetColumn<float[]>("Score").Select(s => model.ClassNames[Array.IndexOf(s, s.Max())])];
    }

    /// <summary>Whether weights have all 8 bits; with fewer, chance decides about a few more photos.</summary>
    private static bool ByteRange => !ByteTile.AddsPairsInInt16;

    private static ScoringNetwork Model() => ScoringNetwork.Of(new VisionTransformerNetwork(_architecture, seed: 4), ComputeDevice.Cpu);

    private static float[] Inputs(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count * 3 * 16 * 16).Select(_ => (random.NextSingle() * 4) - 2)];
    }
}
