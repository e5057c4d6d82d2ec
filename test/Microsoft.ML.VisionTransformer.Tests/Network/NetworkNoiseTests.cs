// Dropout and stochastic depth in a whole network.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class NetworkNoiseTests
{
    [TestMethod]
    public void EvaluationIsDeterministicAndTrainingIsNot()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Noisy);
        var images = TinyNetwork.Images(3);

        Assert.IsFalse(network.call(images).SameValues(network.call(images)));
        network.eval();
        Assert.IsTrue(network.call(images).SameValues(network.call(images)));
    }

    [TestMethod]
    public void ANoiseStreamThatStartsAgainRepeatsTheForward()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Noisy);
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
        using var first = new VisionTransformerNetwork(TinyNetwork.Noisy, seed: 2);
        using var second = new VisionTransformerNetwork(TinyNetwork.Noisy, seed: 2);
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

        var trained = first.call(tokens, null, null);
        float[][] images = [.. (last.call(tokens, null, null) - tokens).Values().Chunk(7 * 12)];
        network.eval();

        Assert.IsTrue(trained.SameValues(first.call(tokens, null, null)));
        Assert.IsGreaterThan(20, images.Count(image => image.All(v => v == 0)));
    }
}
