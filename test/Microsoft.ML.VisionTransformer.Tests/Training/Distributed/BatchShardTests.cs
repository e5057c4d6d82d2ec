// Shards of a batch.
using Microsoft.ML.VisionTransformer.Training.Distributed;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Distributed;

[TestClass]
public sealed class BatchShardTests
{
    [TestMethod]
    [DataRow(8, 2, false, 0)]
    [DataRow(9, 4, false, 1)]
    [DataRow(3, 4, false, 1)]
    [DataRow(8, 2, true, 0)]
    [DataRow(9, 4, true, 2)]
    [DataRow(1, 4, true, 1)]
    public void SharesAreDisjointAndTogetherTheBatch(int rows, int size, bool inPairs, int mostDifference)
    {
        int[] batch = [.. Enumerable.Range(100, rows)];

        int[][] fractions = [.. Enumerable.Range(0, size).Select(rank => BatchShard.Of(batch, rank, size, inPairs))];

        CollectionAssert.AreEquivalent(batch, fractions.SelectMany(fraction => fraction).ToArray());
        Assert.IsLessThanOrEqualTo(mostDifference, fractions.Max(fraction => fraction.Length) - fractions.Min(fraction => fraction.Length));
    }

    [TestMethod]
    [DataRow(12, 3)]
    [DataRow(11, 2)]
    [DataRow(5, 4)]
    public void PartnersFaceEachOtherInAShareAsTheyDoInTheBatch(int rows, int size)
    {
        int[] batch = [.. Enumerable.Range(0, rows)];

        for (int rank = 0; rank < size; rank++)
        {
            int[] fraction = BatchShard.Of(batch, rank, size, inPairs: true);
            for (int i = 0; i < fraction.Length; i++)
                Assert.AreEqual(rows - 1 - fraction[i], fraction[fraction.Length - 1 - i]);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void OneProcessTakesTheBatchAsItIs(bool inPairs)
    {
        int[] batch = [4, 1, 7, 3, 9];

        CollectionAssert.AreEqual(batch, BatchShard.Of(batch, 0, 1, inPairs));
    }
}
