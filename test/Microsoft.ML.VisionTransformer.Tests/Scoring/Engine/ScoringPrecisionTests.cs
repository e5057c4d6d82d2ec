// Scoring in bfloat16: nearly the same scores, and nothing else changes.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Engine;

[TestClass]
public sealed class ScoringPrecisionTests
{
    /// <summary>Eight significant bits, through two blocks.</summary>
    private const double Tolerance = 0.02;

    private static readonly VisionTransformerArchitecture _architecture = TinyTraining.Architecture with { EmbeddingDimension = 48, Heads = 3, Classes = 3 };

    /// <summary>With rotary positions the blocks run in libtorch.</summary>
    private static readonly VisionTransformerArchitecture _rotary = _architecture with { Rotary = new RotaryEmbedding() };

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ScoresAreNearlyTheSameAndBackAgainTheVerySame(bool rotary)
    {
        RequireBFloat16();
        using var model = Model(rotary ? _rotary : _architecture);
        float[] inputs = Inputs(5);
        float[] before = model.Probabilities(inputs, 5, 1);

        model.Precision = ScoringPrecision.BFloat16;
        float[] rounded = model.Probabilities(inputs, 5, 1);
        model.Precision = ScoringPrecision.Float32;

        CollectionAssert.AreNotEqual(before, rounded, "8 significant bits give other scores");
        for (int i = 0; i < before.Length; i++)
            Assert.AreEqual(before[i], rounded[i], Tolerance, $"score {i}");
        CollectionAssert.AreEqual(before, model.Probabilities(inputs, 5, 1));
    }

    [TestMethod]
    public void EmbeddingsAreNearlyTheSame()
    {
        RequireBFloat16();
        using var model = Model(_architecture);
        float[] before = model.Features(Inputs(2), 2, FeatureKind.Average, normalize: true);
        model.Precision = ScoringPrecision.BFloat16;
        float[] rounded = model.Features(Inputs(2), 2, FeatureKind.Average, normalize: true);
        for (int i = 0; i < before.Length; i++)
            Assert.AreEqual(before[i], rounded[i], Tolerance, $"number {i}");
    }

    [TestMethod]
    public void WeightsThatAreSavedKeepAllBits()
    {
        RequireBFloat16();
        using var network = new VisionTransformerNetwork(_architecture, seed: 4);
        var expected = network.state_dict().ToDictionary(t => t.Key, t => t.Value.data<float>().ToArray());
        using var model = Model(_architecture);
        model.Precision = ScoringPrecision.BFloat16;
        model.UseWeights(weights =>
        {
            foreach (var (name, values) in expected)
                CollectionAssert.AreEqual(values, weights[name].Values(), name);
        });
    }

    [TestMethod]
    public void MemoryIsGivenBack()
    {
        RequireBFloat16();
        LiveTensors.AssertSameAfter(
            () =>
            {
                using var model = Model(_architecture);
                model.Precision = ScoringPrecision.BFloat16;
                model.Probabilities(Inputs(2), 2, 1);
            },
            // The network, its copy, and the copy once more as its type changes.
            parametersCreated: 3 * _architecture.Parameters().Count());
    }

    [TestMethod]
    public void TokensAreNotMergedInSixteenBits()
    {
        RequireBFloat16();
        using var model = Model(_architecture);
        model.MergedTokens = 2;
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => model.Precision = ScoringPrecision.BFloat16).Message, "MergedTokensPerBlock is 2");
        model.MergedTokens = 0;
        model.Precision = ScoringPrecision.BFloat16;
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => model.MergedTokens = 2).Message, "ScoringPrecision is BFloat16");
    }

    [TestMethod]
    public void AValueThatIsNoneIsRefused()
    {
        using var model = Model(_architecture);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Precision = (ScoringPrecision)7);
    }

    [TestMethod]
    public void AProcessorWithoutBFloat16ProductsSaysSo()
    {
        Requires.If(!ProcessorFeatures.MultipliesBFloat16, "a processor that does not multiply bfloat16");
        using var model = Model(_architecture);

        var refusal = Assert.ThrowsExactly<NotSupportedException>(() => model.Precision = ScoringPrecision.BFloat16);

        Assert.Contains("AVX512_BF16", refusal.Message);
    }

    [TestMethod]
    public void ADisposedModelSaysSo()
    {
        var model = Model(_architecture);
        model.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Precision = ScoringPrecision.BFloat16);
    }

    private static ScoringNetwork Model(VisionTransformerArchitecture architecture) => ScoringNetwork.Of(new VisionTransformerNetwork(architecture, seed: 4), ComputeDevice.Cpu);

    private static void RequireBFloat16() => Requires.If(ProcessorFeatures.MultipliesBFloat16, "a processor that multiplies bfloat16 (AMX or AVX512_BF16)");

    private static float[] Inputs(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count * 3 * 16 * 16).Select(_ => (random.NextSingle() * 4) - 2)];
    }
}
