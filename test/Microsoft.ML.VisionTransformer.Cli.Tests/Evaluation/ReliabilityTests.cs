// The bins and the calibration error of the library, compared with values calculated by hand.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Evaluation;

[TestClass]
public sealed class ReliabilityTests
{
    [TestMethod]
    public void TheErrorIsTheWeightedMeanOfTheBinGaps()
    {
        // Bin (8/15, 9/15]: confidences 0.5625 and 0.59375, one right: |0.5 - 0.578125| = 0.078125, two rows.
        // Bin (11/15, 12/15]: 0.75 thrice, all right: 0.25. Bin (14/15, 1]: 1 right, 1 wrong: |0.5 - 1| = 0.5.
        var found = Of((0.5625f, true), (0.59375f, false), (0.75f, true), (0.75f, true), (0.75f, true), (1, true), (1, false));

        Assert.AreEqual((2 * 0.078125 + 3 * 0.25 + 2 * 0.5) / 7, found.CalibrationError, 1e-12);
        CollectionAssert.AreEqual(new[] { 2, 3, 2 }, found.Bins.Where(bin => bin.Weight > 0).Select(bin => (int)bin.Weight).ToArray());
        Assert.AreEqual(0.578125, found.Bins[8].Confidence, 1e-12);
    }

    /// <summary>Bins are (low, high], as in the paper and in training: 0.6 is not exactly a boundary in float32, 1 is.</summary>
    [TestMethod]
    [DataRow(1f, 14)]
    [DataRow(0.6f, 9)]
    [DataRow(0.59999996f, 8)]
    public void AConfidenceOnABoundaryBelongsToTheLowerBin(float confidence, int bin) => Assert.AreEqual(1, Of((confidence, true)).Bins[bin].Weight);

    [TestMethod]
    public void AnIntervalOfFewRowsIsWideAndWithinZeroAndOne()
    {
        // Wilson 1927: for 10 of 10 the lower end is 10 / (10 + z²), z = 1.96.
        var all = WilsonInterval.Of(10, 10);
        Assert.AreEqual(10 / (10 + 1.959964 * 1.959964), all.From, 1e-12);
        Assert.AreEqual(1, all.To, 1e-12);
        var half = WilsonInterval.Of(50, 100);
        Assert.AreEqual(1, half.From + half.To, 1e-12);
        Assert.AreEqual(0.4038, half.From, 1e-4);
    }

    private static ProbabilityScores Of(params (float Confidence, bool Right)[] rows) =>
        EvaluationResult.Of([.. rows.Select(row => ScoredRows.Row(row.Right ? 0 : 1, row.Confidence, 1 - row.Confidence))], 2)!.Probabilities;
}
