// Metrics compared with those of ML.NET and with values calculated by hand.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Evaluation;

[TestClass]
public sealed class EvaluationResultTests
{
    private const double Tolerance = 1e-6;    // ML.NET stores probabilities and their logarithms as float32

    [TestMethod]
    [DataRow(3, 50)]
    [DataRow(7, 400)]
    [DataRow(30, 600)]
    public void TheMetricsEqualThoseOfMLNet(int classes, int count)
    {
        var rows = ScoredRows.Random(count, classes);
        var expected = Evaluate(rows, classes);
        var found = EvaluationResult.Of(new ReportContent { Title = "", ClassNames = [.. Names(classes)], Rows = rows })!;

        Assert.AreEqual(expected.MicroAccuracy, found.Accuracy, Tolerance);
        Assert.AreEqual(expected.MacroAccuracy, found.MacroAccuracy, Tolerance);
        Assert.AreEqual(expected.LogLoss, found.Probabilities.LogLoss, Tolerance);
        Assert.AreEqual(expected.TopKAccuracyForAllK[1], found.TopAccuracy(2), Tolerance);
        for (int i = 0; i < classes; i++)
        {
            Assert.AreEqual(expected.ConfusionMatrix.PerClassPrecision[i], found.Classes[i].Precision ?? 0, Tolerance);
            Assert.AreEqual(expected.ConfusionMatrix.PerClassRecall[i], found.Classes[i].Recall ?? 0, Tolerance);
            for (int j = 0; j < classes; j++)
                Assert.AreEqual(expected.ConfusionMatrix.Counts[i][j], found.Confusion[i, j]);
        }
    }

    [TestMethod]
    public void ASmallCaseCalculatedByHand()
    {
        // a: right, right, predicted as b. b: right. c: predicted as a.
        var found = EvaluationResult.Of(ScoredRows.Content(
            ScoredRows.Row(0, 0.5f, 0.25f, 0.25f),
            ScoredRows.Row(0, 0.5f, 0.5f, 0),
            ScoredRows.Row(0, 0.25f, 0.5f, 0.25f),
            ScoredRows.Row(1, 0, 1, 0),
            ScoredRows.Row(2, 0.5f, 0.375f, 0.125f)))!;

        Assert.AreEqual(3, found.Right);
        Assert.AreEqual((2 / 3.0 + 1 + 0) / 3, found.MacroAccuracy, 1e-12);
        Assert.AreEqual((1 + 1 + 2 + 0 + 3) * Math.Log(2) / 5, found.Probabilities.LogLoss, 1e-12);
        Assert.AreEqual(2 / 3.0, found.Classes[0].Precision!.Value, 1e-12);
        Assert.AreEqual(0.5, found.Classes[1].Precision!.Value, 1e-12);
        Assert.IsNull(found.Classes[2].Precision);
        Assert.AreEqual(0, found.Classes[2].F1);
        Assert.AreEqual((2 / 3.0 + 2 / 3.0 + 0) / 3, found.MacroF1, 1e-12);
        Assert.AreEqual(0.8, found.TopAccuracy(2), 1e-12);
        CollectionAssert.AreEqual(new[] { new ConfusedPair(2, 0, 1), new ConfusedPair(0, 1, 1) }, found.Confusion.Pairs().ToArray());
    }

    [TestMethod]
    public void WithoutRowsThereIsNoResult() => Assert.IsNull(EvaluationResult.Of(new ReportContent { Title = "", ClassNames = ["a"] }));

    [TestMethod]
    [DataRow(0, new[] { 0.5f }, "1.png has 1 scores, but there are 2 classes", DisplayName = "few scores")]
    [DataRow(2, new[] { 0.5f, 0.5f }, "1.png has the class index 2", DisplayName = "unknown class")]
    [DataRow(-1, new[] { 0.5f, 0.5f }, "1.png has the class index -1", DisplayName = "no class")]
    [DataRow(0, new[] { 0.5f, float.NaN }, "1.png has the score NaN, which is not a probability", DisplayName = "no number")]
    [DataRow(0, new[] { 0.5f, 1.5f }, "1.png has the score 1.5", DisplayName = "above 1")]
    public void AnInvalidRowIsRejected(int label, float[] scores, string message)
    {
        var content = new ReportContent { Title = "", ClassNames = ["a", "b"], Rows = [new() { Name = "1.png", Label = label, Probabilities = scores }] };

        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => EvaluationResult.Of(content)).Message, message);
    }

    private static MulticlassClassificationMetrics Evaluate(ScoredRow[] rows, int classes)
    {
        var context = new MLContext(1);
        var schema = SchemaDefinition.Create(typeof(MLNetRow));
        schema["Score"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, classes);
        var data = context.Data.LoadFromEnumerable(rows.Select(row => new MLNetRow
        {
            Label = row.Label,
            PredictedLabel = row.Probabilities.ToList().IndexOf(row.Probabilities.Max()),
            Score = [.. row.Probabilities],
        }), schema);
        var order = context.Data.LoadFromEnumerable(Enumerable.Range(0, classes).Select(label => new KeyRow { Label = label }));
        var keys = context.Transforms.Conversion.MapValueToKey([new("Label"), new("PredictedLabel")], keyData: order);
        return context.MulticlassClassification.Evaluate(keys.Fit(data).Transform(data), topKPredictionCount: 2);
    }

    private static IEnumerable<string> Names(int classes) => Enumerable.Range(0, classes).Select(i => $"class {i}");

    private sealed class MLNetRow
    {
        public int Label { get; set; }

        public int PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];
    }

    private sealed class KeyRow
    {
        public int Label { get; set; }
    }
}
