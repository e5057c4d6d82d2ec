// McNemar's exact test and the interval of a paired difference, compared with values calculated in exact fractions.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Evaluation;

[TestClass]
public sealed class PairedDifferenceTests
{
    [TestMethod]
    [DataRow(2, 7, 92.0 / 512, DisplayName = "2 (1 + 9 + 36) / 2^9")]
    [DataRow(7, 2, 92.0 / 512)]
    [DataRow(0, 5, 2.0 / 32)]
    [DataRow(1, 0, 1.0)]
    [DataRow(5, 5, 1.0)]
    [DataRow(0, 0, 1.0)]
    [DataRow(121, 59, 4.434449263755176e-06)]
    [DataRow(10, 53, 3.382168502403561e-08)]
    [DataRow(3000, 2800, 0.008969436001193416, DisplayName = "2^5800 exceeds a double")]
    [DataRow(0, 2000, 0.0)]
    public void ThePValueIsThatOfTheBinomialDistribution(int onlyFirst, int onlyOther, double expected) =>
        Assert.AreEqual(expected, new PairedDifference(onlyFirst, onlyOther, 10_000).PValue, 1e-9 * Math.Max(expected, 1e-3));

    [TestMethod]
    [DataRow(2, 7, 100, 0.05, -0.010995, 0.109035)]
    [DataRow(9, 7, 120, -1.0 / 60, -0.082568, 0.049781)]
    public void TheIntervalIsThatOfAgrestiAndMin(int onlyFirst, int onlyOther, int count, double difference, double from, double to)
    {
        var found = new PairedDifference(onlyFirst, onlyOther, count);

        Assert.AreEqual(difference, found.Difference, 1e-12);
        Assert.AreEqual(from, found.Interval.From, 1e-6);
        Assert.AreEqual(to, found.Interval.To, 1e-6);
    }

    [TestMethod]
    public void OnlyImagesThatOneModelGetsRightCount()
    {
        var first = EvaluationResult.Of(ScoredRows.Content(ScoredRows.Row(0, 0.9f, 0.1f), ScoredRows.Row(0, 0.9f, 0.1f), ScoredRows.Row(1, 0.9f, 0.1f), ScoredRows.Row(1, 0.9f, 0.1f)))!;
        var other = EvaluationResult.Of(ScoredRows.Content(ScoredRows.Row(0, 0.9f, 0.1f), ScoredRows.Row(0, 0.1f, 0.9f), ScoredRows.Row(1, 0.9f, 0.1f), ScoredRows.Row(1, 0.1f, 0.9f)))!;

        Assert.AreEqual(new PairedDifference(1, 1, 4), PairedDifference.Of(first, other));
    }

    [TestMethod]
    [DataRow(2, 7, "b.zip is right on 7 images that a.zip gets wrong, and wrong on 2 that a.zip gets right: with so few, the difference may be due to chance (p = 0.18).")]
    [DataRow(0, 1, "b.zip is right on 1 image that a.zip gets wrong, and wrong on 0 that a.zip gets right: with so few, the difference may be due to chance (p = 1).")]
    [DataRow(40, 41, "b.zip is right on 41 images that a.zip gets wrong, and wrong on 40 that a.zip gets right: the difference may be due to chance (p = 1).")]
    [DataRow(53, 10, "b.zip is right on 10 images that a.zip gets wrong, and wrong on 53 that a.zip gets right: chance alone is unlikely to explain that (p < 0.001).")]
    [DataRow(3, 3, "b.zip is right on 3 images that a.zip gets wrong, and wrong on 3 that a.zip gets right: the same accuracy.")]
    [DataRow(0, 0, "b.zip and a.zip are right and wrong on the same images.")]
    public void TheSentenceSaysWhatItMeans(int onlyFirst, int onlyOther, string expected) =>
        Assert.AreEqual(expected, new PairedDifference(onlyFirst, onlyOther, 500).Sentence("a.zip", "b.zip"));
}
