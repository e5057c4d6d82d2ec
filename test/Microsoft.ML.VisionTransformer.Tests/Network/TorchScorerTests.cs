// Scoring in libtorch: the same values as in the vectorized code.
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class TorchScorerTests
{
    [TestMethod]
    [DataRow(TokenPooling.ClassToken)]
    [DataRow(TokenPooling.AverageAndMax)]
    [DataRow(TokenPooling.Attention)]
    public void ScoresAndFeaturesAreThoseOfTheVectorizedCode(TokenPooling pooling)
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { Pooling = pooling }, seed: 3);
        using var images = TinyNetwork.Images(3);
        float[] inputs = [.. images.data<float>()];
        using var weights = network.CopyWeights();
        using var torch = new TorchScorer(network.Architecture, weights.ByName(), ComputeDevice.Cpu);
        using var own = new ScoringNetwork(network.CopyWeights(), ComputeDevice.Cpu);

        AssertClose(own.Probabilities(inputs, 3, 2), torch.Probabilities(inputs, 3, 2, encoder: null));
        foreach (var kind in new[] { FeatureKind.Pooled, FeatureKind.ClassTokenAndAverage, FeatureKind.HeadOutput })
            AssertClose(own.Features(inputs, 3, kind, normalize: true), torch.Features(inputs, 3, kind, normalize: true, encoder: null));
    }

    [TestMethod]
    public void WeightsComeBackBitForBit()
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture, seed: 3);
        using var weights = network.CopyWeights();
        using var torch = new TorchScorer(network.Architecture, weights.ByName(), ComputeDevice.Cpu);

        foreach (var (name, weight) in torch.Weights())
            CollectionAssert.AreEqual(weights[name].Values.ToArray(), weight.Values(), name);
    }

    private static void AssertClose(float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], found[i], 1e-5, $"value {i}");
    }
}
