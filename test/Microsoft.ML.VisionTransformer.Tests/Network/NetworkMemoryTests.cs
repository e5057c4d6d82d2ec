// The tensors that a network owns, tensors left by a forward pass, and conversion between types.
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class NetworkMemoryTests
{
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

        block.call(tokens, null, null);

        Assert.IsTrue(tokens.SameValues(network.Embed(images)));
        Assert.IsTrue(images.SameValues(TinyNetwork.Images(2)));
        Assert.IsTrue(recorded.SameValues(network.call(images)));
    }

    [TestMethod]
    public void TheNetworkMovesToAnotherTypeAndBack()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Noisy);
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
        using var network = new VisionTransformerNetwork(TinyNetwork.Noisy);
        using var images = TinyNetwork.Images(2);
        // Tensors that other tests left to the finalizer must not be freed while this one counts.
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
}
