// Ranges of a tensor: thirds of the rows, and entries of a position table.
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class PartRangeTests
{
    [TestMethod]
    [DataRow(nameof(PartRange.All), new long[] { 6, 5 }, new long[] { 6, 5 }, 0L)]
    [DataRow(nameof(PartRange.QueryRows), new long[] { 6, 5 }, new long[] { 2, 5 }, 0L)]
    [DataRow(nameof(PartRange.KeyAndValueRows), new long[] { 6, 5 }, new long[] { 4, 5 }, 10L)]
    [DataRow(nameof(PartRange.ValueRows), new long[] { 6, 5 }, new long[] { 2, 5 }, 20L)]
    [DataRow(nameof(PartRange.ValueRows), new long[] { 9 }, new long[] { 3 }, 6L)]
    [DataRow(nameof(PartRange.FirstPosition), new long[] { 1, 7, 5 }, new long[] { 1, 1, 5 }, 0L)]
    [DataRow(nameof(PartRange.LaterPositions), new long[] { 1, 7, 5 }, new long[] { 1, 6, 5 }, 5L)]
    public void AShare_HasItsShapeAndItsPlace(string range, long[] whole, long[] shape, long begin)
    {
        var fraction = Enum.Parse<PartRange>(range).Of(whole);

        CollectionAssert.AreEqual(shape, fraction!.Value.Shape);
        Assert.AreEqual(begin, fraction.Value.Begin);
    }

    [TestMethod]
    [DataRow(nameof(PartRange.QueryRows), new long[] { 7, 5 })]
    [DataRow(nameof(PartRange.QueryRows), new long[0])]
    [DataRow(nameof(PartRange.FirstPosition), new long[] { 7, 5 })]
    [DataRow(nameof(PartRange.FirstPosition), new long[] { 1, 0, 5 })]
    public void ATensorWithoutSuchAShare_HasNone(string range, long[] whole) => Assert.IsNull(Enum.Parse<PartRange>(range).Of(whole));

    [TestMethod]
    [DataRow(nameof(PartRange.ValueRows), new long[] { 2, 5 }, "6, 5")]
    [DataRow(nameof(PartRange.KeyAndValueRows), new long[] { 4, 5 }, "6, 5")]
    [DataRow(nameof(PartRange.LaterPositions), new long[] { 1, 6, 5 }, "1, 7, 5")]
    [DataRow(nameof(PartRange.FirstPosition), new long[] { 1, 1, 5 }, "1, positions, 5")]
    public void TheWholeIsDescribedFromTheShare(string range, long[] fraction, string whole) =>
        Assert.AreEqual(whole, string.Join(", ", Enum.Parse<PartRange>(range).DescribeWhole(fraction)));
}
