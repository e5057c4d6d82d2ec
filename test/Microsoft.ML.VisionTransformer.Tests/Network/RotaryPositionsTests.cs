// Rotary positions: angles on small grids, and the rotation.
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class RotaryPositionsTests
{
    [TestMethod]
    public void Eva02AnglesAreRowThenColumnTimesTheBands()
    {
        float[] angles = RotaryAngles.Of(new() { Temperature = 100 }, (2, 3), headDimension: 8);

        // Two bands: 1 and 100^(-1/2). The last patch is in row 1, column 2.
        Assert.HasCount(2 * 3 * 4, angles);
        AssertClose([0, 0, 0, 0], angles[..4]);
        AssertClose([1, 0.1f, 2, 0.2f], angles[^4..]);
    }

    [TestMethod]
    public void Eva02PositionsAreScaledToTheReferenceGrid()
    {
        float[] angles = RotaryAngles.Of(new() { ReferenceGrid = (4, 12) }, (2, 3), headDimension: 4);

        AssertClose([2, 8], angles[^2..]);
    }

    [TestMethod]
    public void Dinov3PositionsAreCentresBetweenMinusOneAndOne()
    {
        float[] angles = RotaryAngles.Of(new() { Layout = RotaryLayout.Dinov3, Temperature = 100 }, (2, 4), headDimension: 8);

        // The center of row 1 of 2 is at 0.5, that of column 3 of 4 at 0.75; periods 1 and 10.
        AssertClose([MathF.PI, MathF.PI / 10, 1.5f * MathF.PI, 0.15f * MathF.PI], angles[^4..]);
    }

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

    private static void AssertClose(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6, $"angle {i}");
    }
}
