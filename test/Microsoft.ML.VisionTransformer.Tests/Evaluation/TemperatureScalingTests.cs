// The fitted temperature, compared with the golden value and with values worked out by hand, and for rows that do not determine one.
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Evaluation;

[TestClass]
public sealed class TemperatureScalingTests
{
    [TestMethod]
    public void ItIsTheGoldenOne()
    {
        var golden = new GoldenMetrics("main");
        var rows = ProbabilityScoresTests.Rows(golden);

        double temperature = TemperatureScaling.Fit(rows);

        Assert.AreEqual(golden.Temperature.GetProperty("value").GetDouble(), temperature, 1e-4);
        Assert.AreEqual(golden.Temperature.GetProperty("nll_after").GetDouble(), ProbabilityScores.Of(rows, temperature).LogLoss, 1e-6);
    }

    /// <summary>Two classes with the same margin, a fraction of the rows correct: the sigmoid of margin / T is that fraction.</summary>
    [TestMethod]
    [DataRow(3f, 4, 1)]
    [DataRow(0.5f, 9, 1)]
    [DataRow(40f, 3, 2)]
    [DataRow(5f, 999, 1)]
    public void TwoClassesGiveTheMarginOverTheLogOdds(float margin, int right, int wrong)
    {
        double temperature = TemperatureScaling.Fit(Margins(margin, right, wrong));

        double expected = Math.Clamp(margin / Math.Log((double)right / wrong), TemperatureScaling.Least, TemperatureScaling.Most);
        Assert.AreEqual(expected, temperature, 1e-8);
    }

    [TestMethod]
    public void WeightsCountAsRows()
    {
        var weighted = new EvaluatedRows([2, 0, 2, 0, 5, -5], [0, 1, 1], [4, 1, 0], 2);

        Assert.AreEqual(2 / Math.Log(4), TemperatureScaling.Fit(weighted), 1e-8);
    }

    [TestMethod]
    public void ANetworkThatIsMostlyWrongGetsTheLargest() =>
        Assert.AreEqual(TemperatureScaling.Most, TemperatureScaling.Fit(Margins(2, right: 1, wrong: 4)));

    [TestMethod]
    public void ANetworkThatIsSureOfFarTooLittleGetsTheSmallest() =>
        Assert.AreEqual(TemperatureScaling.Least, TemperatureScaling.Fit(Margins(1e-4f, right: 9, wrong: 1)));

    [TestMethod]
    public void RowsThatAreAllRightTellNothing() => Assert.AreEqual(1, TemperatureScaling.Fit(Margins(2, right: 20, wrong: 0)));

    [TestMethod]
    public void EqualLogitsTellNothing() => Assert.AreEqual(1, TemperatureScaling.Fit(Margins(0, right: 3, wrong: 2)));

    [TestMethod]
    public void NoRowsTellNothing() => Assert.AreEqual(1, TemperatureScaling.Fit(new EvaluatedRows([], [], [], 2)));

    [TestMethod]
    public void LogitsOfAnySizeGiveANumber()
    {
        double temperature = TemperatureScaling.Fit(new EvaluatedRows([1e30f, -1e30f, 0, 1e-30f, 3e38f, -3e38f], [0, 0, 1], [1, 1, 1], 2));

        Assert.IsTrue(temperature is >= TemperatureScaling.Least and <= TemperatureScaling.Most);
    }

    /// <summary>No other temperature has a lower loss, on random rows.</summary>
    [TestMethod]
    [DataRow(1, 0.3f)]
    [DataRow(2, 1f)]
    [DataRow(3, 7f)]
    public void NoOtherTemperatureIsBetter(int seed, float scale)
    {
        var random = new Random(seed);
        const int Rows = 200, Classes = 5;
        long[] classes = [.. Enumerable.Range(0, Rows).Select(_ => random.NextInt64(Classes))];
        float[] logits = [.. Enumerable.Range(0, Rows * Classes).Select(i => scale * (random.NextSingle() * 4 + (classes[i / Classes] == i % Classes ? 1.5f : 0)))];
        var rows = new EvaluatedRows(logits, classes, [.. classes.Select(_ => random.NextSingle())], Classes);

        double temperature = TemperatureScaling.Fit(rows), loss = ProbabilityScores.Of(rows, temperature).LogLoss;

        Assert.IsTrue(temperature is > TemperatureScaling.Least and < TemperatureScaling.Most);
        foreach (double factor in new[] { 0.5, 0.9, 0.999, 1.001, 1.1, 2 })
            Assert.IsGreaterThan(loss, ProbabilityScores.Of(rows, temperature * factor).LogLoss);
    }

    private static EvaluatedRows Margins(float margin, int right, int wrong)
    {
        int rows = right + wrong;
        return new EvaluatedRows(
            [.. Enumerable.Range(0, rows).SelectMany(_ => new[] { margin, 0 })],
            [.. Enumerable.Range(0, rows).Select(i => i < right ? 0L : 1L)],
            [.. Enumerable.Repeat(1f, rows)],
            2);
    }
}
