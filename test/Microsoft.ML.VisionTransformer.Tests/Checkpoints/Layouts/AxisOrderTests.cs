// Axis mappings on tensors small enough to check by hand.
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class AxisOrderTests
{
    [TestMethod]
    [DataRow("", new long[] { 2, 3 }, new long[] { 2, 3 }, new float[] { 0, 1, 2, 3, 4, 5 }, DisplayName = "as it is")]
    [DataRow(NameRules.Transposed, new long[] { 2, 3 }, new long[] { 3, 2 }, new float[] { 0, 3, 1, 4, 2, 5 }, DisplayName = "transposed")]
    [DataRow("width -> 1 1 width", new long[] { 3 }, new long[] { 1, 1, 3 }, new float[] { 0, 1, 2 }, DisplayName = "token")]
    [DataRow("positions width -> 1 positions width", new long[] { 2, 3 }, new long[] { 1, 2, 3 }, new float[] { 0, 1, 2, 3, 4, 5 }, DisplayName = "positions")]
    [DataRow(NameRules.HeadsBias, new long[] { 3, 2 }, new long[] { 6 }, new float[] { 0, 1, 2, 3, 4, 5 }, DisplayName = "bias of heads")]
    [DataRow(NameRules.HeadsLast, new long[] { 2, 3, 1 }, new long[] { 3, 2 }, new float[] { 0, 3, 1, 4, 2, 5 }, DisplayName = "to three heads of width one")]
    [DataRow(NameRules.HeadsLast, new long[] { 2, 1, 3 }, new long[] { 3, 2 }, new float[] { 0, 3, 1, 4, 2, 5 }, DisplayName = "to one head of width three")]
    [DataRow(NameRules.HeadsFirst, new long[] { 3, 1, 2 }, new long[] { 2, 3 }, new float[] { 0, 2, 4, 1, 3, 5 }, DisplayName = "from heads")]
    [DataRow(
        NameRules.ConvolutionLast,
        new long[] { 1, 2, 3, 2 },
        new long[] { 2, 3, 1, 2 },
        new float[] { 0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11 },
        DisplayName = "convolution: value = 6 column + 2 in + out")]
    public void ValuesAndShapes_GoToTheNetworkAndBack(string axes, long[] file, long[] network, float[] expected)
    {
        var order = AxisOrder.Parse(axes);
        float[] values = [.. Enumerable.Range(0, expected.Length).Select(i => (float)i)];
        float[] there = new float[values.Length], back = new float[values.Length];

        order.ToNetwork(values, file, there);
        order.ToFile(there, file, back);

        CollectionAssert.AreEqual(network, order.ToNetwork(file));
        CollectionAssert.AreEqual(order.KeepsShape || order.KeepsOrder ? values : expected, there);
        CollectionAssert.AreEqual(expected, there);
        CollectionAssert.AreEqual(values, back);
    }

    [TestMethod]
    public void ALargeMatrix_IsTransposedBeyondTheEdgesOfItsTiles()
    {
        const int rows = 67, columns = 35;
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(i => (float)i)], transposed = new float[values.Length];

        AxisOrder.Parse(NameRules.Transposed).ToNetwork(values, [rows, columns], transposed);

        for (int column = 0; column < columns; column++)
        {
            for (int row = 0; row < rows; row++)
                Assert.AreEqual(values[row * columns + column], transposed[column * rows + row]);
        }
    }

    [TestMethod]
    public void ShapesOfAnotherNumberOfAxes_AreNone()
    {
        Assert.IsNull(AxisOrder.Parse(NameRules.Transposed).ToNetwork([2, 3, 4]));
        Assert.IsNull(AxisOrder.Parse(NameRules.Transposed).ToFile([2]));
        Assert.IsNull(AxisOrder.Parse(NameRules.HeadsLast).ToFile([6, 5]), "heads and width cannot be told apart");
    }

    [TestMethod]
    [DataRow("", "[16, 3]")]
    [DataRow(NameRules.Transposed, "[3, 16]")]
    [DataRow(NameRules.HeadsLast, "[3, heads, width] with heads * width = 16")]
    public void TheFilesShape_IsDescribedInItsOwnTerms(string axes, string expected) =>
        Assert.AreEqual(expected, AxisOrder.Parse(axes).Describe(["16", "3"]));

    [TestMethod]
    public void AnAxisIsKnownByItsName()
    {
        Assert.AreEqual(4L, AxisOrder.Parse(NameRules.HeadsLast).Size("heads", [32, 4, 8]));
        Assert.IsNull(AxisOrder.Parse("").Size("heads", [32, 4, 8]));
    }

    [TestMethod]
    public void EveryTablesAxes_AreUsedOnce()
    {
        foreach (var part in CheckpointLayouts.All.SelectMany(layout => layout.Rules).SelectMany(rule => rule.Parts).Where(part => part.Axes.Length > 0))
        {
            string[] sides = part.Axes.Split("->", StringSplitOptions.TrimEntries);
            string[] right = [.. sides[1].Split([' ', '(', ')'], StringSplitOptions.RemoveEmptyEntries).Where(axis => axis != "1")];
            CollectionAssert.AreEquivalent(sides[0].Split(' '), right, part.Axes);
        }
    }
}
