// The angles of rotary positions on small grids.
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Tests.Weights;

[TestClass]
public sealed class RotaryAnglesTests
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

    private static void AssertClose(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6, $"angle {i}");
    }
}
