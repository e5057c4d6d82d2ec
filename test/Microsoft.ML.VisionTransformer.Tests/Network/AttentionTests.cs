// Attention on values computed by hand.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class AttentionTests
{
    private const double E = Math.E;

    [TestMethod]
    public void WeightsAreTheSoftmaxOfScaledProducts()
    {
        using var scope = NewDisposeScope();
        using var attention = OneHeadOfIdentities();
        var tokens = TwoTokens();

        var (output, weights) = attention.ForwardWithWeights(tokens, rotary: null, mask: null);

        // q = k = v = the tokens (0, 0, 0, 0) and (2, 0, 0, 0); the score of the second with itself is 4 / sqrt(4) = 2.
        weights.AssertValues(1e-6, 0.5, 0.5, 1 / (1 + E * E), E * E / (1 + E * E));
        output.AssertValues(1e-6, 1, 0, 0, 0, 2 * E * E / (1 + E * E), 0, 0, 0);
    }

    [TestMethod]
    public void TheFusedKernelGivesThePlainResult()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { Initialization = WeightInitialization.Jax });
        network.eval();
        var attention = network.modules().OfType<Attention>().First();
        var tokens = linspace(-3, 5, 2 * 7 * 12).sin().reshape(2, 7, 12);

        var (plain, _) = attention.ForwardWithWeights(tokens, rotary: null, mask: null);

        attention.call(tokens, null, null).AssertValues(1e-6, [.. plain.Values().Select(v => (double)v)]);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void AMaskHidesKeys(bool plain)
    {
        using var scope = NewDisposeScope();
        using var attention = OneHeadOfIdentities();
        var hidesTheSecondKey = tensor([0f, float.NegativeInfinity], [1, 1, 1, 2]);

        var output = plain ? attention.ForwardWithWeights(TwoTokens(), null, hidesTheSecondKey).Output : attention.call(TwoTokens(), null, hidesTheSecondKey);

        output.AssertValues(0, new double[8]);
    }

    [TestMethod]
    public void EachHeadReadsItsOwnRowsOfQkv()
    {
        using var scope = NewDisposeScope();
        using var attention = new Attention(new() { EmbeddingDimension = 2, Heads = 2 }, Noise());
        // Head 0 gets value 0 of a token, head 1 value 1, as q, k and v.
        attention.Set("qkv.weight", 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1);
        attention.Set("qkv.bias", new float[6]);
        var tokens = tensor([1f, 0f, 0f, 1f], [1, 2, 2]);

        var (_, weights) = attention.ForwardWithWeights(tokens, rotary: null, mask: null);

        weights.AssertValues(1e-6, E / (1 + E), 1 / (1 + E), 0.5, 0.5, 0.5, 0.5, 1 / (1 + E), E / (1 + E));
    }

    [TestMethod]
    public void AttentionDropoutDropsWeightsInTrainingAlone()
    {
        using var scope = NewDisposeScope();
        using var attention = OneHeadOfIdentities(dropout: 0.5);
        var ones = tensor(Enumerable.Repeat(1f, 4 * 2).ToArray(), [1, 2, 4]);
        var seen = new HashSet<float>();
        for (int i = 0; i < 40; i++)
            seen.UnionWith(attention.call(ones, null, null).Values());
        attention.eval();

        // Two weights of a half, each dropped or doubled: 0, 1 or 2.
        Assert.AreEqual("0 1 2", string.Join(' ', seen.Order()));
        attention.call(ones, null, null).AssertValues(1e-6, 1, 1, 1, 1, 1, 1, 1, 1);
    }

    /// <summary>One head over four values in training mode; q, k, v and the projection are the identity.</summary>
    private static Attention OneHeadOfIdentities(double dropout = 0)
    {
        var attention = new Attention(new() { EmbeddingDimension = 4, Heads = 1, AttentionDropoutRate = dropout }, Noise());
        float[] identity = TensorValues.Diagonal(4);
        attention.Set("qkv.weight", [.. identity, .. identity, .. identity]);
        attention.Set("qkv.bias", new float[12]);
        attention.Set("proj.weight", identity);
        attention.Set("proj.bias", new float[4]);
        return attention;
    }

    private static NoiseSource Noise() => new(RandomStream.For(1));

    private static Tensor TwoTokens() => tensor([0f, 0, 0, 0, 2, 0, 0, 0], [1, 2, 4]);
}
