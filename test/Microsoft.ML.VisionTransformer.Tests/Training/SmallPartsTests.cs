// Learning rate schedule, running means and early stopping, with values that can be checked by hand.
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training;
using Microsoft.ML.VisionTransformer.Training.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Optimizers;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class SmallPartsTests
{
    [TestMethod]
    public void TheRateRisesInALineAndFallsAlongACosine()
    {
        var schedule = new LearningRateSchedule(Base: 1, Minimum: 0.2, WarmupStart: 0.1, WarmupSteps: 3, Steps: 12);

        Assert.AreEqual(0.1, schedule.RateAt(0), 1e-12);
        Assert.AreEqual(0.4, schedule.RateAt(1), 1e-12);
        Assert.AreEqual(0.7, schedule.RateAt(2), 1e-12);
        Assert.AreEqual(0.6, schedule.RateAt(6), 1e-12, "half way, between base and minimum");
        Assert.AreEqual(0.2, schedule.RateAt(12), 1e-12);
        Assert.AreEqual(0.2, schedule.RateAt(1000), 1e-12);
    }

    [TestMethod]
    public void ALinearScheduleFallsInALineAndAConstantOneNot()
    {
        var linear = new LearningRateSchedule(Base: 1, Minimum: 0.2, WarmupStart: 0.1, WarmupSteps: 0, Steps: 8, TrainingSchedule.Linear);
        var constant = linear with { Curve = TrainingSchedule.Constant };

        CollectionAssert.AreEqual(new[] { 1, 0.8, 0.6, 0.2, 0.2 }, new[] { 0, 2, 4, 8, 9 }.Select(step => Math.Round(linear.RateAt(step), 12)).ToArray());
        CollectionAssert.AreEqual(new[] { 1.0, 1.0, 1.0 }, new[] { 0, 4, 100 }.Select(step => constant.RateAt(step)).ToArray());
    }

    [TestMethod]
    public void WithoutWarmupTheFirstStepHasTheBaseRate() => Assert.AreEqual(0.5, new LearningRateSchedule(0.5, 0, 1e-6, 0, 10).RateAt(0));

    [TestMethod]
    public void MeansAreExactForBatchesOfDifferentSizes()
    {
        var mean = new RunningMean(LossSum: 8, Weight: 4, Right: 3, Rows: 4).And(new RunningMean(LossSum: 5, Weight: 1, Right: 0, Rows: 1));

        Assert.AreEqual(2.6, mean.Loss, 1e-12);
        Assert.AreEqual(0.6, mean.Accuracy, 1e-12);
    }

    [TestMethod]
    public void AMeanOfNothingIsZero() => Assert.AreEqual((0.0, 0.0), (new RunningMean().Loss, new RunningMean().Accuracy));

    [TestMethod]
    [DataRow(0.81, 2.0, 0.0, true)]
    [DataRow(0.80, 0.9, 0.0, true)]
    [DataRow(0.80, 1.1, 0.0, false)]
    [DataRow(0.79, 0.1, 0.0, false)]
    [DataRow(0.85, 1.1, 0.1, false)]
    [DataRow(0.75, 0.9, 0.1, true)]
    [DataRow(0.69, 0.1, 0.1, false)]
    [DataRow(0.91, 2.0, 0.1, true)]
    public void WithinTheDoubtOfTheAccuracyTheLossDecides(double accuracy, double loss, double doubt, bool better)
    {
        var best = new ValidationResult(1, IsAverage: false, 0.8, 1, doubt);

        Assert.AreEqual(better, new ValidationResult(2, IsAverage: false, accuracy, loss, doubt).IsBetterThan(best));
    }

    [TestMethod]
    public void FifteenRowsLeaveTheAccuracyInDoubtByATenth() => Assert.AreEqual(0.1033, ValidationResult.StandardError(0.8, 15), 1e-4);

    [TestMethod]
    public void EarlyStoppingWaitsForItsPatience()
    {
        var settings = new VisionTransformerTrainer.EarlyStopping(minDelta: 0.1f, patience: 2);
        var epochs = new[] { 0.5, 0.7, 0.75, 0.85, 0.86, 0.87 }.Select(accuracy => new TrainingMetrics { ValidationLoss = 1, ValidationAccuracy = accuracy }).ToArray();

        bool[] stops = [.. Enumerable.Range(1, epochs.Length).Select(count => EarlyStoppingMonitor.ShouldStop(settings, epochs.Take(count)))];

        CollectionAssert.AreEqual(new[] { false, false, false, false, false, true }, stops);
    }

    [TestMethod]
    public void EarlyStoppingOnTheLossWantsLess()
    {
        var settings = new VisionTransformerTrainer.EarlyStopping(minDelta: 0, patience: 1, VisionTransformerTrainer.EarlyStoppingMetric.Loss);
        TrainingMetrics[] epochs = [Epoch(2, 0.1), Epoch(1.9, 0.1), Epoch(1.95, 0.9)];

        Assert.IsFalse(EarlyStoppingMonitor.ShouldStop(settings, epochs.Take(2)));
        Assert.IsTrue(EarlyStoppingMonitor.ShouldStop(settings, epochs));

        static TrainingMetrics Epoch(double loss, double accuracy) => new() { ValidationLoss = loss, ValidationAccuracy = accuracy };
    }

    [TestMethod]
    public void AnEpochsLineTellsWhatMatters()
    {
        var metrics = new TrainingMetrics
        {
            Epoch = 3,
            Epochs = 12,
            LearningRate = 2.5e-4,
            TrainingLoss = 1.2346,
            TrainingAccuracy = 0.5,
            ValidationLoss = 0.75,
            ValidationAccuracy = 0.875,
            ImagesPerSecond = 123.4,
            TimeLeft = TimeSpan.FromSeconds(75),
        };

        Assert.AreEqual("epoch   3/12  loss 1.235  accuracy 50.0%  validation loss 0.750  accuracy 87.5%  rate 2.5e-4  123 images/s  left 1:15", metrics.ToString());
    }
}
