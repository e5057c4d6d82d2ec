// Initial weights: reproducible, independent of everything else, with the standard deviations of the schemes.
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Weights;

[TestClass]
public sealed class WeightInitializerTests
{
    // Large enough for statistics, and for a matrix (192 x 768) of more than one chunk.
    private static readonly VisionTransformerArchitecture _wide =
        TinyNetwork.Architecture with { EmbeddingDimension = 192, MlpRatio = 4, Depth = 1, Classes = 40 };

    [TestMethod]
    public void TheSameSeedGivesTheSameWeights()
    {
        using var first = new VisionTransformerNetwork(_wide, seed: 3);
        using var second = new VisionTransformerNetwork(_wide, seed: 3);
        using var other = new VisionTransformerNetwork(_wide, seed: 4);

        CollectionAssert.AreEqual(AllWeights(first), AllWeights(second));
        Assert.IsFalse(Weight(first, "blocks.0.mlp.fc1.weight").SequenceEqual(Weight(other, "blocks.0.mlp.fc1.weight")));
    }

    [TestMethod]
    public async Task NetworksBuiltElsewhereAtTheSameTimeDoNotMatter()
    {
        using var stop = new CancellationTokenSource();
        var elsewhere = Task.Run(() =>
        {
            for (int seed = 0; !stop.IsCancellationRequested; seed++)
                new VisionTransformerNetwork(TinyNetwork.Architecture, seed).Dispose();
        });

        for (int i = 0; i < 5; i++)
        {
            using var first = new VisionTransformerNetwork(TinyNetwork.Architecture, seed: 9);
            using var second = new VisionTransformerNetwork(TinyNetwork.Architecture, seed: 9);
            CollectionAssert.AreEqual(AllWeights(first), AllWeights(second));
        }

        await stop.CancelAsync();
        await elsewhere;
    }

    [TestMethod]
    public void TorchsOwnGeneratorIsLeftAlone()
    {
        manual_seed(1);
        using var untouched = rand(3);
        manual_seed(1);
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { ProjectionDropoutRate = 0.5, AttentionDropoutRate = 0.5 });
        using var images = TinyNetwork.Images(2);
        network.call(images).Dispose();
        using var after = rand(3);

        Assert.IsTrue(untouched.SameValues(after));
    }

    [TestMethod]
    public void EachBlockHasItsOwnWeights()
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture);
        foreach (string name in new[] { "attn.qkv.weight", "attn.proj.weight", "mlp.fc1.weight", "mlp.fc2.weight" })
            Assert.IsFalse(Weight(network, $"blocks.0.{name}").SequenceEqual(Weight(network, $"blocks.1.{name}")), name);

        network.Set("blocks.0.norm1.weight", Enumerable.Repeat(9f, 12).ToArray());
        Assert.IsTrue(Weight(network, "blocks.1.norm1.weight").All(v => v == 1));
    }

    [TestMethod]
    public void ChunksOfOneMatrixDiffer()
    {
        using var network = new VisionTransformerNetwork(_wide);
        float[] weights = Weight(network, "blocks.0.mlp.fc1.weight");
        Assert.IsFalse(weights.AsSpan(0, 1000).SequenceEqual(weights.AsSpan(1 << 16, 1000)));
    }

    [TestMethod]
    // Scheme, parameter, standard deviation. D is 192, a patch has 2 * 5 * 7 = 70 values and 35 pixels.
    [DataRow(WeightInitialization.Timm, "blocks.0.attn.qkv.weight", 0.02)]
    [DataRow(WeightInitialization.Timm, "head.weight", 0.02)]
    [DataRow(WeightInitialization.Timm, "patch_embed.proj.weight", 0.0690066)] // 1 / sqrt(70) / sqrt(3)
    [DataRow(WeightInitialization.Timm, "patch_embed.proj.bias", 0.0690066)]
    [DataRow(WeightInitialization.Timm, "cls_token", 1e-6)]
    [DataRow(WeightInitialization.Timm, "pos_embed", 0.02)]
    [DataRow(WeightInitialization.Timm, "blocks.0.mlp.fc1.bias", 0)]
    [DataRow(WeightInitialization.Jax, "blocks.0.attn.qkv.weight", 0.0510310)] // sqrt(2 / (192 + 576))
    [DataRow(WeightInitialization.Jax, "blocks.0.mlp.fc1.bias", 1e-6)]
    [DataRow(WeightInitialization.Jax, "blocks.0.attn.qkv.bias", 0)]
    [DataRow(WeightInitialization.Jax, "patch_embed.proj.weight", 0.1195229)] // 1 / sqrt(70)
    [DataRow(WeightInitialization.Jax, "patch_embed.proj.bias", 0)]
    [DataRow(WeightInitialization.Jax, "head.weight", 0)]
    [DataRow(WeightInitialization.Jax, "cls_token", 1e-6)]
    [DataRow(WeightInitialization.Original, "blocks.0.mlp.fc2.weight", 0.01)]
    [DataRow(WeightInitialization.Original, "head.weight", 0.01)]
    [DataRow(WeightInitialization.Original, "cls_token", 0.02)]
    [DataRow(WeightInitialization.Original, "pos_embed", 0.02)]
    [DataRow(WeightInitialization.Original, "patch_embed.proj.weight", 0.0172516)] // sqrt(2 / (192 * 35))
    [DataRow(WeightInitialization.Original, "patch_embed.proj.bias", 0)]
    public void ASchemeDrawsWithItsDeviation(WeightInitialization scheme, string name, double deviation)
    {
        using var network = new VisionTransformerNetwork(_wide with { Initialization = scheme });
        float[] weights = Weight(network, name);

        double measured = Math.Sqrt(weights.Average(v => (double)v * v));

        // Five deviations of the estimate; nothing at all where the value is fixed.
        Assert.AreEqual(deviation, measured, 5 * deviation / Math.Sqrt(2.0 * weights.Length));
        Assert.AreEqual(0, weights.Average(), 5 * deviation / Math.Sqrt(weights.Length));
    }

    [TestMethod]
    [DataRow(WeightInitialization.Timm)]
    [DataRow(WeightInitialization.Jax)]
    [DataRow(WeightInitialization.Original)]
    public void NormsStartAtOneAndZero(WeightInitialization scheme)
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { Initialization = scheme });
        Assert.IsTrue(Weight(network, "blocks.1.norm2.weight").Concat(Weight(network, "norm.weight")).All(v => v == 1));
        Assert.IsTrue(Weight(network, "blocks.1.norm2.bias").Concat(Weight(network, "norm.bias")).All(v => v == 0));
    }

    [TestMethod]
    public void TheJaxPatchProjectionIsTruncatedAtTwoDeviations()
    {
        using var network = new VisionTransformerNetwork(_wide with { Initialization = WeightInitialization.Jax });
        double bound = 2 / Math.Sqrt(70) / 0.8796256610;
        float[] weights = Weight(network, "patch_embed.proj.weight");
        Assert.IsLessThanOrEqualTo(bound + 1e-6, weights.Max(Math.Abs));
        Assert.IsGreaterThan(0.99 * bound, weights.Max(Math.Abs));
    }

    private static float[] Weight(VisionTransformerNetwork network, string name) => network.get_parameter(name)!.Values();

    private static float[] AllWeights(VisionTransformerNetwork network) => [.. network.parameters().SelectMany(p => p.Values())];
}
