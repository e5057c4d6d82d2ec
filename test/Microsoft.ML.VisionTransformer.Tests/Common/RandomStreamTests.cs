// Random streams: reproducible by key, different between keys, and correctly distributed.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class RandomStreamTests
{
    [TestMethod]
    public void TheFirstNumbersOfAStreamNeverChange()
    {
        // Computed by a separate implementation of SplitMix64, checked against its published first output for state 0.
        var stream = RandomStream.For(1, 2, 3);

        CollectionAssert.AreEqual(new[] { 0xDBFB606292953C3BUL, 0x29688982AC2CA75UL, 0x2F0E99DC90AFAB10UL }, new[] { stream.NextBits(), stream.NextBits(), stream.NextBits() });
    }

    [TestMethod]
    public void OtherKeysOrAnotherOrderOfThemGiveOtherNumbers()
    {
        ulong[] firsts =
        [
            RandomStream.For(1, 2, 3).NextBits(), RandomStream.For(1, 3, 2).NextBits(), RandomStream.For(2, 1, 3).NextBits(),
            RandomStream.For(1, 2).NextBits(), RandomStream.For(1, 2, 3, 0).NextBits(), RandomStream.For(1).NextBits(), RandomStream.For(0).NextBits(),
        ];

        Assert.AreEqual(firsts.Length, firsts.Distinct().Count());
    }

    [TestMethod]
    public void NeighbouringStreamsAreUncorrelated()
    {
        double[] firsts = [.. Enumerable.Range(0, 10_000).Select(row => RandomStream.For(5, 103, 1, row).NextDouble() - 0.5)];
        double correlation = Enumerable.Range(0, firsts.Length - 1).Average(i => firsts[i] * firsts[i + 1]) * 12;

        // The deviation of the estimate is 1 / sqrt(10,000); five of them.
        Assert.IsLessThan(0.05, Math.Abs(correlation));
    }

    [TestMethod]
    public void UniformNumbersFillTheirRange()
    {
        var stream = RandomStream.For(9);
        double[] values = [.. Enumerable.Range(0, 20_000).Select(_ => stream.NextDouble(-2, 4))];

        Assert.IsGreaterThanOrEqualTo(-2, values.Min());
        Assert.IsLessThan(4, values.Max());
        Assert.AreEqual(1, values.Average(), 0.07);
    }

    [TestMethod]
    public void IntegersHitEachValueEquallyOften()
    {
        var stream = RandomStream.For(9);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
            counts[stream.NextInt(7)]++;

        foreach (int count in counts)
            Assert.AreEqual(10_000, count, 500);
    }

    [TestMethod]
    public void GaussianNumbersHaveMeanZeroAndVarianceOne()
    {
        var stream = RandomStream.For(9);
        double[] values = [.. Enumerable.Range(0, 50_000).Select(_ => stream.NextGaussian())];

        Assert.AreEqual(0, values.Average(), 0.03);
        Assert.AreEqual(1, values.Average(n => n * n), 0.04);
        Assert.AreEqual(3, values.Average(n => n * n * n * n), 0.3);
    }

    [TestMethod]
    public void ShufflingKeepsTheItemsAndReachesEveryOrder()
    {
        var orders = new Dictionary<string, int>();
        for (int i = 0; i < 6_000; i++)
        {
            int[] items = [1, 2, 3];
            RandomStream.For(4, i).Shuffle(items.AsSpan());
            string order = string.Concat(items);
            orders[order] = orders.GetValueOrDefault(order) + 1;
        }

        Assert.HasCount(6, orders);
        foreach (int count in orders.Values)
            Assert.AreEqual(1_000, count, 160);
    }
}
