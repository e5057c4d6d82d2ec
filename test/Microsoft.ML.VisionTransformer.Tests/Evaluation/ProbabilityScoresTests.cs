// Log loss, Brier score and calibration error, compared with golden values and with values worked out by hand.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Evaluation;

[TestClass]
public sealed class ProbabilityScoresTests
{
    [TestMethod]
    [DataRow("main")]
    [DataRow("edge")]
    public void ProbabilitiesGiveTheGoldenFigures(string name)
    {
        var golden = new GoldenMetrics(name);
        var scores = new ProbabilityScores();
        foreach (var (probabilities, label) in golden.Probabilities.Zip(golden.Labels))
            scores.Add(probabilities, label);

        Assert.AreEqual(golden.Expected("log_loss"), scores.LogLoss, 1e-9);
        Assert.AreEqual(golden.Expected("brier"), scores.Brier, 1e-9);
        Assert.AreEqual(golden.Expected("top_1_accuracy"), scores.Accuracy, 1e-9);
        Assert.AreEqual(golden.Expected("ece_15_bins"), scores.CalibrationError, 1e-9);
        Assert.AreEqual(golden.Expected("max_calibration_error"), scores.LargestCalibrationError, 1e-9);
    }

    [TestMethod]
    public void LogitsGiveTheGoldenFiguresAtEachTemperature()
    {
        var golden = new GoldenMetrics("main");
        var rows = Rows(golden);

        // Logits are float32: 1e-7 of a logit of 5.
        Assert.AreEqual(golden.Expected("ece_15_bins"), ProbabilityScores.Of(rows).CalibrationError, 1e-6);
        foreach (var nll in golden.Temperature.GetProperty("nll_at").EnumerateObject())
        {
            double temperature = double.Parse(nll.Name, CultureInfo.InvariantCulture);
            Assert.AreEqual(nll.Value.GetDouble(), ProbabilityScores.Of(rows, temperature).LogLoss, 1e-6, nll.Name);
        }

        var calibrated = ProbabilityScores.Of(rows, golden.Temperature.GetProperty("value").GetDouble());
        Assert.AreEqual(golden.Temperature.GetProperty("ece_15_bins_after").GetDouble(), calibrated.CalibrationError, 1e-6);
    }

    [TestMethod]
    public void ARowOfWeightTwoCountsAsTwoRows()
    {
        ProbabilityScores weighted = new(), twice = new();
        weighted.Add([0.7, 0.3], 0, 2);
        weighted.Add([0.72, 0.28], 1);
        twice.Add([0.7, 0.3], 0);
        twice.Add([0.7, 0.3], 0);
        twice.Add([0.72, 0.28], 1);

        Assert.AreEqual(twice.LogLoss, weighted.LogLoss, 1e-15);
        Assert.AreEqual(twice.Brier, weighted.Brier, 1e-15);
        Assert.AreEqual(twice.Accuracy, weighted.Accuracy, 1e-15);
        Assert.AreEqual(twice.CalibrationError, weighted.CalibrationError, 1e-15);
        Assert.AreEqual(2.12 / 3 - 2.0 / 3, weighted.CalibrationError, 1e-12);    // one bin: mean confidence - accuracy
    }

    [TestMethod]
    public void TheBinsAddUpToTheCalibrationError()
    {
        var golden = new GoldenMetrics("main");
        var scores = new ProbabilityScores();
        foreach (var (probabilities, label) in golden.Probabilities.Zip(golden.Labels))
            scores.Add((float[])[.. probabilities.Select(p => (float)p)], label);

        Assert.HasCount(15, scores.Bins);
        Assert.AreEqual(golden.Labels.Length, scores.Bins.Sum(bin => bin.Weight));
        Assert.AreEqual(scores.Accuracy, scores.Bins.Sum(bin => bin.RightWeight) / golden.Labels.Length, 1e-12);
        Assert.AreEqual(scores.CalibrationError, scores.Bins.Sum(bin => bin.Weight * Math.Abs(bin.Accuracy - bin.Confidence)) / golden.Labels.Length, 1e-12);
        Assert.AreEqual(golden.Expected("ece_15_bins"), scores.CalibrationError, 1e-6);    // probabilities in 32 bits
        foreach (var bin in scores.Bins.Where(bin => bin.Weight > 0))
            Assert.IsTrue(bin.From < bin.Confidence && bin.Confidence <= bin.To);
    }

    [TestMethod]
    [DataRow(new[] { 0.5f, float.NaN }, 0, 1.0, "the value NaN, which is not a probability")]
    [DataRow(new[] { 0.5f, 1.5f }, 0, 1.0, "the value 1.5")]
    [DataRow(new float[0], 0, 1.0, "0 probabilities")]
    [DataRow(new[] { 0.5f, 0.3f, 0.2f }, 0, 1.0, "3 probabilities")]
    [DataRow(new[] { 0.5f, 0.5f }, 2, 1.0, "trueClass")]
    [DataRow(new[] { 0.5f, 0.5f }, -1, 1.0, "trueClass")]
    [DataRow(new[] { 0.5f, 0.5f }, 0, -1.0, "The weight is -1")]
    [DataRow(new[] { 0.5f, 0.5f }, 0, double.NaN, "The weight is NaN")]
    public void ARowThatIsNotOneIsRefused(float[] probabilities, int trueClass, double weight, string reason)
    {
        var scores = new ProbabilityScores();
        scores.Add((float[])[1, 0], 0);

        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => scores.Add(probabilities, trueClass, weight)).Message);
        Assert.AreEqual((1, 0), (scores.Accuracy, scores.LogLoss), "the row is not counted");
    }

    [TestMethod]
    public void WithoutAWeightAllIsZero()
    {
        var scores = new ProbabilityScores();
        scores.Add([0.5, 0.5], 1, 0);

        Assert.AreEqual(0, scores.LogLoss);
        Assert.AreEqual(0, scores.CalibrationError);
        Assert.AreEqual(0, scores.LargestCalibrationError);
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.NegativeInfinity)]
    public void LogitsThatAreNotFiniteAreRefused(float logit)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => new EvaluatedRows([0, logit], [0], [1], 2));

        Assert.Contains("not finite", error.Message);
    }

    [TestMethod]
    public void RowsThatDoNotFitAreRefused()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new EvaluatedRows([0, 1, 2], [0], [1], 2));
        Assert.ThrowsExactly<ArgumentException>(() => new EvaluatedRows([0, 1], [2], [1], 2));
        Assert.ThrowsExactly<ArgumentException>(() => new EvaluatedRows([0, 1], [-1], [1], 2));
        Assert.ThrowsExactly<ArgumentException>(() => new EvaluatedRows([0, 1], [0], [-1], 2));
    }

    internal static EvaluatedRows Rows(GoldenMetrics golden)
    {
        long[] classes = [.. golden.Labels.Select(l => (long)l)];
        float[] weights = new float[classes.Length];
        Array.Fill(weights, 1);
        return new EvaluatedRows(golden.Logits, classes, weights, 4);
    }
}
