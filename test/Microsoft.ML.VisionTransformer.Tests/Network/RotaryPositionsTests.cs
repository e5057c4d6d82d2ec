// Rotary positions: the rotation.
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class RotaryPositionsTests
{
    [TestMethod]
    [DataRow(RotaryLayout.Eva02, new double[] { -2, 1, 3, 4 })]
    [DataRow(RotaryLayout.Dinov3, new double[] { -3, 2, 1, 4 })]
    public void AQuarterTurnMovesThePairs(RotaryLayout layout, double[] expected)
    {
        using var scope = NewDisposeScope();
        var architecture = new VisionTransformerArchitecture { EmbeddingDimension = 4, Heads = 1, ImageSize = (16, 16), Rotary = new() { Layout = layout } };
        using var table = new RotaryTable(architecture);
        // 90 degrees for the pair that depends on the row, 0 for the column's.
        double[] quarter = layout == RotaryLayout.Dinov3 ? [1, 0, 1, 0] : [1, 1, 0, 0];
        table.For(CPU, ScalarType.Float32).Sines.copy_(tensor([.. quarter.Select(v => (float)v)], [1, 4]));
        table.For(CPU, ScalarType.Float32).Cosines.copy_(tensor([.. quarter.Select(v => 1 - (float)v)], [1, 4]));

        var rotated = table.Rotate(tensor([9f, 9, 9, 9, 1, 2, 3, 4], [1, 1, 2, 4]));

        rotated.AssertValues(1e-6, [9, 9, 9, 9, .. expected]);
    }

    [TestMethod]
    public void TheTableIsNoPartOfTheStateAndFollowsTheNetwork()
    {
        using var scope = NewDisposeScope();
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { Rotary = new() });

        Assert.IsFalse(network.state_dict().Keys.Any(key => key.StartsWith("rope", StringComparison.Ordinal)));
        network.to(ScalarType.BFloat16);
        Assert.AreEqual(ScalarType.BFloat16, network.call(TinyNetwork.Images(2).to(ScalarType.BFloat16)).dtype);
    }

}
