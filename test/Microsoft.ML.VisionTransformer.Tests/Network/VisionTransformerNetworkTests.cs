// The network as a whole: shapes, modes, noise, pooling, gradients, memory.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class VisionTransformerNetworkTests
{
    private static readonly VisionTransformerArchitecture _noisy = TinyNetwork.Architecture with
    {
        EmbeddingDropoutRate = 0.1,
        AttentionDropoutRate = 0.2,
        ProjectionDropoutRate = 0.3,
        DropPathRate = 0.4,
    };

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
    public void EvaluationIsDeterministicAndTrainingIsNot()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(_noisy);
        var images = TinyNetwork.Images(3);

        Assert.IsFalse(network.call(images).SameValues(network.call(images)));
        network.eval();
        Assert.IsTrue(network.call(images).SameValues(network.call(images)));
    }

    [TestMethod]
    public void RecordingGradientsChangesNoNumberAndNoInput()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { Initialization = WeightInitialization.Jax, Classes = 0 });
        network.eval();
        var images = TinyNetwork.Images(2);
        var recorded = network.call(images);
        using var noGradients = no_grad();
        var block = network.modules().OfType<TransformerBlock>().First();
        var tokens = network.Embed(images);

        block.call(tokens, null);

        Assert.IsTrue(tokens.SameValues(network.Embed(images)));
        Assert.IsTrue(images.SameValues(TinyNetwork.Images(2)));
        Assert.IsTrue(recorded.SameValues(network.call(images)));
    }

    [TestMethod]
    public void ANoiseStreamThatStartsAgainRepeatsTheForward()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(_noisy);
        var images = TinyNetwork.Images(3);

        network.UseNoise(RandomStream.For(17, 1));
        var first = network.call(images);
        var second = network.call(images);
        network.UseNoise(RandomStream.For(17, 1));

        Assert.IsFalse(first.SameValues(second));
        Assert.IsTrue(first.SameValues(network.call(images)));
        Assert.IsTrue(second.SameValues(network.call(images)));
    }

    [TestMethod]
    public void TheSeedGivesTheNoiseToo()
    {
        using var scope = NewDisposeScope();
        using var first = new VisionTransformerNetwork(_noisy, seed: 2);
        using var second = new VisionTransformerNetwork(_noisy, seed: 2);
        var images = TinyNetwork.Images(3);

        Assert.IsTrue(first.call(images).SameValues(second.call(images)));
    }

    [TestMethod]
    public void StochasticDepthNeverSkipsTheFirstBlock()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { DropPathRate = 0.9 });
        var (first, last) = (network.modules().OfType<TransformerBlock>().First(), network.modules().OfType<TransformerBlock>().Last());
        var tokens = network.Embed(TinyNetwork.Images(40));

        var trained = first.call(tokens, null);
        float[][] images = [.. (last.call(tokens, null) - tokens).Values().Chunk(7 * 12)];
        network.eval();

        Assert.IsTrue(trained.SameValues(first.call(tokens, null)));
        Assert.IsGreaterThan(20, images.Count(image => image.All(v => v == 0)));
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
        changed[.., (int)seen[^1]] = linspace(3, 4, 12).cos();
        Assert.IsFalse(network.ForwardHead(tokens).SameValues(network.ForwardHead(changed)));
    }

    [TestMethod]
    public void EveryParameterGetsAGradient()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(_noisy with { PatchNorm = true, Initialization = WeightInitialization.Original });
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
    public void TheNetworkMovesToAnotherTypeAndBack()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(_noisy);
        var images = TinyNetwork.Images(2);
        network.to(ScalarType.BFloat16);
        Assert.AreEqual(ScalarType.BFloat16, network.call(images.to(ScalarType.BFloat16)).dtype);
        network.to(ScalarType.Float32);
        Assert.AreEqual(ScalarType.Float32, network.call(images).dtype);
        Assert.IsTrue(network.state_dict().Values.All(value => value.dtype == ScalarType.Float32));
    }

    [TestMethod]
    public void ANetworkWithUnsetWeightsTakesLoadedOnes()
    {
        using var scope = NewDisposeScope();
        using var source = new VisionTransformerNetwork(TinyNetwork.Architecture, seed: 6);
        using var target = VisionTransformerNetwork.WithUnsetWeights(TinyNetwork.Architecture);
        target.load_state_dict(source.state_dict());

        var images = TinyNetwork.Images(2);
        Assert.IsTrue(source.call(images).SameValues(target.call(images)));
    }

    [TestMethod]
    public void NoTensorIsLeftBehind()
    {
        using var network = new VisionTransformerNetwork(_noisy);
        using var images = TinyNetwork.Images(2);
        // What other tests left to the finalizer must not go while this one counts.
        GC.Collect();
        GC.WaitForPendingFinalizers();

        LiveTensors.AssertSameAfter(() => network.call(images).Dispose());
        network.eval();
        LiveTensors.AssertSameAfter(() => network.call(images).Dispose());
        LiveTensors.AssertSameAfter(() => network.ForwardFeatures(images).Dispose());
        LiveTensors.AssertSameAfter(() =>
        {
            using var inference = inference_mode();
            foreach (var weights in network.AttentionWeights(images))
                weights.Dispose();
        });
        LiveTensors.AssertSameAfter(() =>
        {
            using var wrong = zeros(1, 2, 3, 4);
            Assert.ThrowsExactly<ArgumentException>(() => network.call(wrong));
        });
    }

    [TestMethod]
    public void DisposingTheNetworkDisposesAllItHolds()
    {
        // Not by count: TorchSharp counts every parameter's emptied source tensor as alive for good (Tensor.MoveHandle).
        var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { PositionEmbedding = PositionEmbedding.SinCos2D });
        Tensor[] held = [.. network.state_dict().Values];

        network.Dispose();

        Assert.IsTrue(held.All(value => value.IsInvalid));
    }

    [TestMethod]
    public void TheNetworkOutlivesTheScopeItWasMadeIn()
    {
        VisionTransformerNetwork network;
        using (NewDisposeScope())
            network = new VisionTransformerNetwork(TinyNetwork.Architecture with { PositionEmbedding = PositionEmbedding.SinCos2D });

        Assert.IsFalse(network.state_dict().Values.Any(value => value.IsInvalid));
        network.Dispose();
    }

    private static Tensor Others(Tensor tokens) => tokens.narrow(1, 0, 6);
}
