// The MLP on values computed by hand.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class MlpTests
{
    [TestMethod]
    public void TheActivationIsTheExactGelu()
    {
        using var scope = NewDisposeScope();
        using var mlp = IdentityMlp(dropout: 0);

        var output = mlp.call(tensor([-1f, 1, 2], [1, 1, 3]));

        // x * Phi(x); the tanh form gives 0.841192 and 1.954598 for 1 and 2.
        output.AssertValues(1e-6, -0.15865525, 0.84134475, 1.9544997);
    }

    [TestMethod]
    public void DropoutFollowsBothLayers()
    {
        using var scope = NewDisposeScope();
        using var mlp = IdentityMlp(dropout: 0.5);
        var seen = new HashSet<double>();
        for (int i = 0; i < 60; i++)
            seen.UnionWith(mlp.call(tensor([5f, 5, 5], [1, 1, 3])).Values().Select(v => Math.Round(v, 3)));

        // Dropped by either, or doubled by both.
        Assert.AreEqual("0 20", string.Join(' ', seen.Order()));
    }

    /// <summary>Three values through three hidden ones, both matrices the identity.</summary>
    private static Mlp IdentityMlp(double dropout)
    {
        var mlp = new Mlp(new() { EmbeddingDimension = 3, MlpRatio = 1, ProjectionDropoutRate = dropout }, new NoiseSource(RandomStream.For(3)));
        foreach (string layer in new[] { "fc1", "fc2" })
        {
            mlp.Set($"{layer}.weight", TensorValues.Diagonal(3));
            mlp.Set($"{layer}.bias", 0, 0, 0);
        }

        return mlp;
    }
}
