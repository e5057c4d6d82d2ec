// The network as a whole: shapes, pooling, masks, gradients.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class VisionTransformerNetworkTests
{
    [TestMethod]
    public void ShapesAreWhatTheDocsSay()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture);
        var images = TinyNetwork.Images(4);

        var tokens = network.ForwardFeatures(images);

        CollectionAssert.AreEqual(new long[] { 4, 7, 12 }, tokens.shape);
        CollectionAssert.AreEqual(new long[] { 4, 12 }, network.ForwardHead(tokens, preLogits: true).shape);
        CollectionAssert.AreEqual(new long[] { 4, 5 }, network.ForwardHead(tokens).shape);
        CollectionAssert.AreEqual(new long[] { 4, 5 }, network.call(images).shape);
        var weights = network.AttentionWeights(images);
        Assert.HasCount(2, weights);
        CollectionAssert.AreEqual(new long[] { 4, 3, 7, 7 }, weights[1].shape);
        weights[1].sum(-1).AssertValues(1e-5, [.. Enumerable.Repeat(1.0, 4 * 3 * 7)]);
    }

    [TestMethod]
    [DataRow(new long[] { 1, 2, 21, 10 })]
    [DataRow(new long[] { 1, 3, 10, 21 })]
    [DataRow(new long[] { 2, 10, 21 })]
    public void AnotherShapeOfInputIsRefused(long[] shape)
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture);
        using var images = zeros(shape);

        var error = Assert.ThrowsExactly<ArgumentException>(() => network.call(images));

        Assert.Contains($"[{string.Join(", ", shape)}]", error.Message);
        Assert.Contains("[N, 2, 10, 21]", error.Message);
    }

    [TestMethod]
    public void AMaskedTokenChangesNoOther()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture);
        network.eval();
        var images = TinyNetwork.Images(1);
        var changed = images.clone();
        changed[0, .., 5.., 14..] = 3; // the last patch
        var hidesTheLastToken = tensor([0f, 0, 0, 0, 0, 0, float.NegativeInfinity], [1, 1, 1, 7]);

        Assert.IsFalse(Others(network.ForwardFeatures(images)).SameValues(Others(network.ForwardFeatures(changed))));
        Assert.IsTrue(Others(network.ForwardFeatures(images, hidesTheLastToken)).SameValues(Others(network.ForwardFeatures(changed, hidesTheLastToken))));
    }

    [TestMethod]
    [DataRow(TokenPooling.ClassToken, new long[] { 0 })]
    [DataRow(TokenPooling.Average, new long[] { 1, 2, 3, 4, 5, 6 })]
    [DataRow(TokenPooling.Max, new long[] { 1, 2, 3, 4, 5, 6 })]
    [DataRow(TokenPooling.AverageAndMax, new long[] { 1, 2, 3, 4, 5, 6 })]
    [DataRow(TokenPooling.Attention, new long[] { 1, 2, 3, 4, 5, 6 })]
    [DataRow(TokenPooling.ClassTokenAndAverage, new long[] { 0, 1, 2, 3, 4, 5, 6 })]
    public void TheHeadSeesWhatThePoolingSays(TokenPooling pooling, long[] seen)
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { Pooling = pooling });
        var tokens = linspace(-2, 5, 2 * 7 * 12).sin().reshape(2, 7, 12);
        var changed = tokens.clone();
        for (long token = 0; token < 7; token++)
        {
            if (!seen.Contains(token))
                changed[.., (int)token] = 9;
        }

        Assert.IsTrue(network.ForwardHead(tokens).SameValues(network.ForwardHead(changed)));
        changed[.., (int)seen[^1]] = linspace(3, 4, 12).cos() * -10;
        Assert.IsFalse(network.ForwardHead(tokens).SameValues(network.ForwardHead(changed)));
    }

    public static IEnumerable<object[]> Family =>
    [
        [TinyNetwork.Noisy with { PatchNorm = true }],
        [TinyNetwork.Noisy with { ClassToken = false, RegisterTokens = 3, Pooling = TokenPooling.Attention, PatchBias = false, PreNorm = true }],
        [TinyNetwork.Noisy with { DistillationToken = true, LayerScale = 0.1, PositionsCoverPrefix = false, HeadBias = false }],
        [TinyNetwork.Noisy with { KeyBias = false, QkNorm = true, AttentionNorm = true, Mlp = MlpKind.SwiGlu, MlpNorm = true, Rotary = new() }],
        [TinyNetwork.Noisy with { Pooling = TokenPooling.ClassTokenAndAverage, RepresentationDimension = 7, Activation = MlpActivation.GeluTanh }],
        [TinyNetwork.Noisy with { Pooling = TokenPooling.Max, PoolPrefixTokens = true, Activation = MlpActivation.QuickGelu, Rotary = new() { Layout = RotaryLayout.Dinov3 } }],
    ];

    [TestMethod]
    [DynamicData(nameof(Family))]
    public void EveryParameterGetsAGradient(VisionTransformerArchitecture architecture)
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(architecture with { Initialization = WeightInitialization.Original });
        network.UseNoise(RandomStream.For(1));

        network.call(TinyNetwork.Images(30)).pow(2).sum().backward();

        foreach (var (name, parameter) in network.named_parameters())
        {
            // A constant added to all keys changes no softmax, so a third of the qkv bias has none; the tensor as a whole has.
            Assert.IsNotNull(parameter.grad, name);
            Assert.IsTrue(parameter.grad.Values().Any(v => v != 0), name);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Family))]
    public void ForwardLeavesNoTensorBehind(VisionTransformerArchitecture architecture)
    {
        using var network = new VisionTransformerNetwork(architecture);
        using var images = TinyNetwork.Images(2);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        LiveTensors.AssertSameAfter(() => network.call(images).Dispose());
        network.eval();
        using var inference = inference_mode();
        LiveTensors.AssertSameAfter(() => network.call(images).Dispose());
    }

    [TestMethod]
    [DataRow(false, 4.5f)]
    [DataRow(true, 2.5f)]
    public void TheTwoHeadsOfDeitAreAveraged(bool preLogits, float expected)
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { DistillationToken = true, EmbeddingDimension = 1, Heads = 1, Classes = 1 });
        network.Set("head.weight", 2);
        network.Set("head_dist.weight", 1);
        network.Set("head.bias", 1);
        network.Set("head_dist.bias", 1);

        // Class token 2, distillation token 3: (2 * 2 + 1 + 3 * 1 + 1) / 2 = 4.5 and (2 + 3) / 2.
        var result = network.ForwardHead(tensor([2f, 3, 100], [1, 3, 1]), preLogits);

        Assert.AreEqual(expected, result.Values().Single());
    }

    private static Tensor Others(Tensor tokens) => tokens.narrow(1, 0, 6);
}
