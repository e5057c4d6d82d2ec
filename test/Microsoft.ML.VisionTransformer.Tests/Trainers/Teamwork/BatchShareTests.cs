// Shares of a batch.
using Microsoft.ML.VisionTransformer.Trainers;

namespace Microsoft.ML.VisionTransformer.Tests.Trainers.Teamwork;

[TestClass]
public sealed class BatchShareTests
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

        int[][] shares = [.. Enumerable.Range(0, size).Select(rank => BatchShare.Of(batch, rank, size, inPairs))];

        CollectionAssert.AreEquivalent(batch, shares.SelectMany(share => share).ToArray());
        Assert.IsLessThanOrEqualTo(mostDifference, shares.Max(share => share.Length) - shares.Min(share => share.Length));
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
            int[] share = BatchShare.Of(batch, rank, size, inPairs: true);
            for (int i = 0; i < share.Length; i++)
                Assert.AreEqual(rows - 1 - share[i], share[share.Length - 1 - i]);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void OneProcessTakesTheBatchAsItIs(bool inPairs)
    {
        int[] batch = [4, 1, 7, 3, 9];

        CollectionAssert.AreEqual(batch, BatchShare.Of(batch, 0, 1, inPairs));
    }
}
