// The choice of example images.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class ExampleRowsTests
{
    [TestMethod]
    public void MistakesAreSortedByConfidence_ThenByTheProbabilityOfTheTrueClass()
    {
        var evaluation = EvaluationResult.Of(ScoredRows.Content(
            ScoredRows.Row(0, 0.2f, 0.8f, 0), ScoredRows.Row(1, 0.5f, 0.1f, 0.4f), ScoredRows.Row(1, 0.9f, 0.1f, 0), ScoredRows.Row(2, 0, 0, 1),
            ScoredRows.Row(1, 0.9f, 0, 0.1f)))!;

        (double, double)[] expected = [(0.9, 0), (0.9, 0.1), (0.8, 0.2), (0.5, 0.1)];
        CollectionAssert.AreEqual(expected, ExampleRows.Mistakes(evaluation).Select(row => (Math.Round(row.Confidence, 6), Math.Round(row.TrueProbability, 6))).ToArray());
    }

    [TestMethod]
    public void TheClassesTakeTurnsInTheHits()
    {
        ScoredRow[] easy = [.. Enumerable.Range(0, 40).Select(_ => ScoredRows.Row(0, 0.99f, 0.01f))];
        var shown = ExampleRows.MostConfidentHits(EvaluationResult.Of(ScoredRows.Content([.. easy, ScoredRows.Row(1, 0.4f, 0.6f), ScoredRows.Row(1, 0.3f, 0.7f)]))!);

        Assert.HasCount(ExampleRows.MaxCount, shown);
        Assert.AreEqual(2, shown.Count(row => row.Row.Label == 1));
        CollectionAssert.AreEqual(shown.OrderByDescending(row => row.Confidence).ToArray(), shown.ToArray());
    }
}
