// The validation split: the same fraction of each class, always leaving rows to train on.
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Training.Data;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Data;

[TestClass]
public sealed class StratifiedSplitTests
{
    [TestMethod]
    public void EachClassGivesItsShare()
    {
        var (training, validation) = StratifiedSplit.Cut(Rows(20, 50, 10), 0.1, seed: 1);

        CollectionAssert.AreEqual(new[] { 2, 5, 1 }, Counts(validation));
        CollectionAssert.AreEqual(new[] { 18, 45, 9 }, Counts(training));
    }

    [TestMethod]
    public void AClassOfOneTrains()
    {
        var (training, validation) = StratifiedSplit.Cut(Rows(1, 1), 0.9, seed: 1);

        Assert.HasCount(2, training);
        Assert.IsEmpty(validation);
    }

    [TestMethod]
    public void TheSeedChoosesTheRows()
    {
        var rows = Rows(40);
        float[] Chosen(int seed) => [.. StratifiedSplit.Cut(rows, 0.25, seed).Validation.Select(r => r.Weight)];

        CollectionAssert.AreEqual(Chosen(1), Chosen(1));
        CollectionAssert.AreNotEqual(Chosen(1), Chosen(2));
        CollectionAssert.AreEqual(Chosen(1).Order().ToArray(), Chosen(1), "the order of the rows stays");
    }

    private static TrainingRow[] Rows(params int[] perClass)
    {
        int number = 0;
        return [.. perClass.SelectMany((count, label) => Enumerable.Range(0, count).Select(_ => new TrainingRow(new PixelVectorSource([]), label, number++)))];
    }

    private static int[] Counts(TrainingRow[] rows) => [.. rows.GroupBy(r => r.Class).OrderBy(g => g.Key).Select(g => g.Count())];
}
