// The named arrays of a network: those of the module, bit for bit, and their memory.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Tests.Weights;

[TestClass]
public sealed class NetworkWeightsTests
{
    [TestMethod]
    [DataRow(PositionEmbedding.Learned)]
    [DataRow(PositionEmbedding.SinCos2D)]
    public void AModuleAndItsArraysHaveTheSameBits(PositionEmbedding positions)
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { PositionEmbedding = positions }, seed: 5);
        using var weights = network.CopyWeights();
        using var again = VisionTransformerNetwork.Of(network.Architecture, weights.ByName());

        var expected = network.state_dict();
        var found = again.state_dict();
        CollectionAssert.AreEquivalent(expected.Keys, weights.Arrays.Select(a => a.Name).ToArray());
        foreach (var (name, tensor) in expected)
        {
            CollectionAssert.AreEqual(tensor.shape, weights[name].Shape, name);
            CollectionAssert.AreEqual(StateValues.Of(tensor), weights[name].Values.ToArray(), name);
            CollectionAssert.AreEqual(StateValues.Of(tensor), StateValues.Of(found[name]), name);
        }
    }

    [TestMethod]
    public void TheFixedPositionTableIsComputed()
    {
        using var weights = new NetworkWeights(TinyNetwork.Architecture with { PositionEmbedding = PositionEmbedding.SinCos2D });
        using var network = new VisionTransformerNetwork(weights.Architecture);

        CollectionAssert.AreEqual(StateValues.Of(network.state_dict()["pos_embed"]), weights["pos_embed"].Values.ToArray());
    }

    [TestMethod]
    public void DisposingFreesEveryArray()
    {
        long before = FloatBuffer.LiveCount;
        using (var weights = new NetworkWeights(TinyNetwork.Architecture))
        {
            Assert.AreEqual(before + weights.Arrays.Count, FloatBuffer.LiveCount);
            weights.Free("norm.weight");
            Assert.IsNull(weights.Find("norm.weight"));
        }

        Assert.AreEqual(before, FloatBuffer.LiveCount);
    }

    [TestMethod]
    public void AWeightThatIsNotFiniteIsNamedWhenItIsWritten()
    {
        using var weights = new NetworkWeights(TinyNetwork.Architecture);
        weights["norm.bias"].Values.Clear();
        weights["norm.bias"].Values[3] = float.NaN;

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => weights.ByName()["norm.bias"].Values());

        Assert.Contains("norm.bias has a weight that is NaN", error.Message);
    }
}
