// A backward pass in chunks gives the same gradients as a single one.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Optimizers;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class BackwardCutsTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(2)]
    public void TheGradientsAreTheSameToTheLastBit(int frozenBlocks)
    {
        using var scope = NewDisposeScope();
        var architecture = TinyTraining.Architecture with { Depth = 3, DropPathRate = 0.3, Classes = 3 };
        using var whole = new VisionTransformerNetwork(architecture, seed: 4);
        using var chunks = new VisionTransformerNetwork(architecture, seed: 4);
        foreach (var network in new[] { whole, chunks })
        {
            new FrozenBlocks(3, frozenBlocks).Freeze(network);
            network.UseNoise(RandomStream.For(3));
        }

        var input = linspace(-1, 1, 5 * 3 * 16 * 16).reshape(5, 3, 16, 16);
        var finished = new List<int>();

        whole.forward(input).square().sum().backward();
        using (var cuts = new BackwardCuts())
            cuts.Backward(chunks.ForwardInChunks(input, cuts).square().sum(), finished.Add);

        foreach (var (expected, found) in whole.parameters().Zip(chunks.parameters()).Where(pair => pair.First.requires_grad))
            Assert.AreEqual(expected.grad!, found.grad!);
        CollectionAssert.AreEqual(frozenBlocks == 0 ? new[] { 4, 3, 2, 1, 0 } : [4, 0], finished);
    }

    [TestMethod]
    public void NothingIsLeftBehind()
    {
        using var network = new VisionTransformerNetwork(TinyTraining.Architecture with { Classes = 3 }, seed: 4);
        using var input = ones(2, 3, 16, 16);

        LiveTensors.AssertSameAfter(() =>
        {
            using var scope = NewDisposeScope();
            using var cuts = new BackwardCuts();
            cuts.Backward(network.ForwardInChunks(input, cuts).sum(), _ => { });
        });
    }
}
