// Cross-validation: the chosen penalty, the accuracy, and the learning curve.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.LinearProbe;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Training.LinearProbe;

[TestClass]
public sealed class CrossValidationTests
{
    [TestMethod]
    public void OneWrongLabelOfTwentyCostsATwentieth()
    {
        using var scope = NewDisposeScope();
        float[] features = [.. Enumerable.Range(0, 20).Select(row => row < 10 ? -1f : 1f)];
        features[3] = 1;
        using var data = FeatureMatrix.Of(features, [.. Enumerable.Range(0, 20).Select(row => row / 10L)], Ones(20), classes: 2);

        var probe = Of(data).Measure(null);

        Assert.AreEqual(0.95, probe.Accuracy!.Value, 1e-12);
        Assert.AreEqual(20, probe.Images);
    }

    [TestMethod]
    public void APenaltyThatIsGivenIsMeasuredAndNotReplaced()
    {
        using var scope = NewDisposeScope();
        using var data = Noisy(perClass: 20);

        var probe = Of(data).Measure(7);

        Assert.AreEqual(7, probe.Penalty);
        Assert.IsNotNull(probe.Accuracy);
        Assert.AreNotEqual(7, Of(data).Measure(null).Penalty);
    }

    [TestMethod]
    [DataRow(9, false)]
    [DataRow(10, true)]
    public void FewerThanTenRowsAreNotMeasured(int rows, bool measured)
    {
        using var scope = NewDisposeScope();
        using var data = FeatureMatrix.Of([.. Enumerable.Range(0, rows).Select(row => (float)row)], [.. Enumerable.Range(0, rows).Select(row => row % 2L)], Ones(rows), classes: 2);
        var validation = Of(data);

        var probe = validation.Measure(null);

        Assert.AreEqual(measured, probe.Accuracy is not null);
        Assert.AreEqual(measured, validation.Curve(probe).Count > 0);
    }

    [TestMethod]
    public void EachPartOfAFoldHasTheSmallerPartAndTheSameFractionOfEachClass()
    {
        using var scope = NewDisposeScope();
        using var data = Noisy(perClass: 20);
        var validation = Of(data);

        for (int fold = 0; fold < 5; fold++)
        {
            int[][] parts = [.. Enumerable.Range(1, 5).Select(fifths => validation.Part(fold, fifths))];
            // Each fold trains on 16 rows of each class.
            int[] sizes = [4, 7, 10, 13, 16];
            for (int i = 0; i < 5; i++)
            {
                Assert.AreEqual(sizes[i], parts[i].Count(row => data.Targets[row] == 0));
                Assert.AreEqual(sizes[i], parts[i].Count(row => data.Targets[row] == 1));
                Assert.IsTrue(i == 0 || parts[i - 1].All(parts[i].Contains));
                CollectionAssert.AreEqual(parts[i].Order().ToArray(), parts[i]);
            }
        }
    }

    [TestMethod]
    public void TheCurveRisesWithTheImagesAndEndsWithTheProbe()
    {
        using var scope = NewDisposeScope();
        using var data = Noisy(perClass: 100);
        var validation = Of(data);

        var probe = validation.Measure(null);
        var curve = validation.Curve(probe);

        CollectionAssert.AreEqual(new[] { 32, 64, 96, 128, 160 }, curve.Select(point => point.Images).ToArray());
        Assert.AreEqual(probe.Accuracy!.Value, curve[^1].Accuracy, 1e-12);
        Assert.IsLessThan(curve[^1].Accuracy - 0.05, curve[0].Accuracy);
        CollectionAssert.AreEqual(curve.ToArray(), Of(data).Curve(probe).ToArray());
    }

    [TestMethod]
    public void PointsWithTheSameImagesAreOnePoint()
    {
        using var scope = NewDisposeScope();
        using var data = Noisy(perClass: 5);
        var validation = Of(data);

        // Four rows of each class are left to train on.
        CollectionAssert.AreEqual(new[] { 2, 4, 6, 8 }, validation.Curve(validation.Measure(null)).Select(point => point.Images).ToArray());
    }

    [TestMethod]
    public void ACanceledRunEndsBetweenTwoFits()
    {
        using var scope = NewDisposeScope();
        using var data = Noisy(perClass: 20);
        int calls = 0;
        var validation = new CrossValidation(data, 1, () =>
        {
            if (++calls == 8)
                throw new OperationCanceledException();
        });

        var probe = validation.Measure(null);

        Assert.ThrowsExactly<OperationCanceledException>(() => validation.Curve(probe));
    }

    /// <summary>By hand for the third: (451 / 502, 43 / 62) differ by 0.205, and twice the standard error is 0.120.</summary>
    [TestMethod]
    [DataRow(1.0, 43, 0.8, 5, false, DisplayName = "one of five images says little")]
    [DataRow(0.9, 500, 0.85, 60, false, DisplayName = "three of sixty may be chance")]
    [DataRow(0.9, 500, 0.7, 60, true, DisplayName = "twelve of sixty are not")]
    [DataRow(0.7, 500, 0.9, 60, false, DisplayName = "a better result is no reason to warn")]
    public void AProbeIsClearlyBetterBeyondTwoStandardErrors(double probe, int images, double accuracy, int rows, bool expected) =>
        Assert.AreEqual(expected, new ProbeResult(0.1, probe, images).IsClearlyBetterThan(accuracy, rows));

    private static CrossValidation Of(FeatureMatrix data) => new(data, seed: 1, () => { });

    /// <summary>Two classes that differ a little in each of 30 features.</summary>
    private static FeatureMatrix Noisy(int perClass)
    {
        const int Dimension = 30;
        var random = RandomStream.For(5);
        long[] targets = [.. Enumerable.Range(0, 2 * perClass).Select(row => row % 2L)];
        return FeatureMatrix.Of([.. targets.SelectMany(target => Enumerable.Range(0, Dimension).Select(_ => (float)(random.NextGaussian() + 0.4 * target)))], targets, Ones(2 * perClass), classes: 2);
    }

    private static float[] Ones(int count)
    {
        float[] ones = new float[count];
        Array.Fill(ones, 1);
        return ones;
    }
}
