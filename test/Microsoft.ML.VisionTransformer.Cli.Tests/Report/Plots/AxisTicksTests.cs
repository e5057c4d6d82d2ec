// Ticks are round and enclose the values.
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class AxisTicksTests
{
    [TestMethod]
    [DataRow(0.0, 1.48, new[] { 0, 0.5, 1, 1.5 })]
    [DataRow(0.37, 0.93, new[] { 0.2, 0.4, 0.6, 0.8, 1 })]
    [DataRow(0.0, 0.0, new[] { 0, 0.2 })]
    [DataRow(1.0, 1.0, new[] { 1, 1.2 })]
    [DataRow(0.98, 0.99, new[] { 0.98, 0.982, 0.984, 0.986, 0.988, 0.99 })]
    public void TicksAreRoundAndEncloseTheRange(double from, double to, double[] expected) =>
        CollectionAssert.AreEqual(expected, AxisTicks.Enclosing(from, to));

    [TestMethod]
    [DataRow(1, 1, new[] { 1 })]
    [DataRow(1, 4, new[] { 1, 2, 3, 4 })]
    [DataRow(1, 12, new[] { 2, 4, 6, 8, 10, 12 })]
    [DataRow(1, 50, new[] { 1, 10, 20, 30, 40, 50 })]
    public void EpochTicksAreIntegers(int from, int to, int[] expected) => CollectionAssert.AreEqual(expected, AxisTicks.Whole(from, to));
}
