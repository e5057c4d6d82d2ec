// A training run: seeds, validation, progress reports, cancellation, failures, memory.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class TrainingLoopTests
{
    [TestMethod]
    public void TheSameSeedGivesTheSameModel()
    {
        float[] first = TrainAndScore(seed: 3), again = TrainAndScore(seed: 3), other = TrainAndScore(seed: 4);

        CollectionAssert.AreEqual(first, again);
        CollectionAssert.AreNotEqual(first, other);
    }

    [TestMethod]
    public void FittingTwiceGivesTheSameModel()
    {
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        var pipeline = TinyTraining.Pipeline(context);

        using var first = pipeline.Fit(data);
        using var second = pipeline.Fit(data);

        CollectionAssert.AreEqual(Flat(first.Transform(data)), Flat(second.Transform(data)));
    }

    [TestMethod]
    public void TwoTrainingsAtOnceDoNotDisturbEachOther()
    {
        float[] alone = TrainAndScore(seed: 3, dropout: 0.1);
        float[][] together = new float[2][];

        Parallel.Invoke(() => together[0] = TrainAndScore(seed: 3, dropout: 0.1), () => together[1] = TrainAndScore(seed: 3, dropout: 0.1));

        CollectionAssert.AreEqual(alone, together[0]);
        CollectionAssert.AreEqual(alone, together[1]);
    }

    [TestMethod]
    public void TorchsGlobalRandomStateIsLeftAlone()
    {
        torch.random.manual_seed(5);
        using var expected = torch.rand(4);
        torch.random.manual_seed(5);

        TrainAndScore(seed: 1, dropout: 0.1);

        using var found = torch.rand(4);
        Assert.AreEqual(expected, found);
    }

    [TestMethod]
    public void ATenthOfEachClassValidates()
    {
        var context = new MLContext(seed: 1);
        using var model = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 20));

        var history = model.LastTransformer.TrainingHistory!;

        Assert.AreEqual(6, history.ValidationRows);
        Assert.AreEqual(54, history.TrainingRows);
    }

    [TestMethod]
    public void AValidationSetIsUsedInFull()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 4);
        var map = context.Transforms.Conversion.MapValueToKey("Label").Fit(data);
        var options = TinyTraining.Options();
        options.ValidationSet = map.Transform(TinyTraining.Data(context, perClass: 5, seed: 9));

        using var model = context.MulticlassClassification.Trainers.VisionTransformer(options).Fit(map.Transform(data));

        Assert.AreEqual(15, model.TrainingHistory!.ValidationRows);
        Assert.AreEqual(12, model.TrainingHistory.TrainingRows);
    }

    [TestMethod]
    public void AValidationSetWithOtherKeysIsRefused()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 4);
        var options = TinyTraining.Options();
        var other = context.Data.LoadFromEnumerable(ColoredSamples.Make(4).Reverse());
        options.ValidationSet = context.Transforms.Conversion.MapValueToKey("Label").Fit(other).Transform(other);

        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => TinyTraining.Train(context, data, options));

        Assert.Contains("one fitted MapValueToKey", error.Message);
    }

    [TestMethod]
    public void EachEpochIsReported()
    {
        var context = new MLContext(seed: 1);
        var log = new List<string>();
        context.Log += (_, e) => log.Add(e.Message);
        var seen = new List<TrainingMetrics>();
        var options = TinyTraining.Options(epochs: 3);
        options.MetricsCallback = metrics =>
        {
            if (metrics.Phase == TrainingPhase.Epoch)
                seen.Add(metrics);
        };

        using var model = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 10), options);

        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, seen.Select(m => m.Epoch).ToArray());
        CollectionAssert.AreEqual(seen, model.LastTransformer.TrainingHistory!.Epochs.ToArray());
        foreach (var metrics in seen)
        {
            Assert.IsGreaterThan(0, metrics.TrainingLoss);
            Assert.IsGreaterThan(0, metrics.ValidationLoss!.Value);
            Assert.IsGreaterThan(0, metrics.ImagesPerSecond);
            Assert.Contains(m => m.Contains(metrics.ToString(), StringComparison.Ordinal), log);
        }

        Assert.IsLessThan(1e-4, seen[^1].LearningRate);
        Assert.AreEqual(TimeSpan.Zero, seen[^1].TimeLeft);
    }

    [TestMethod]
    public void AnErrorInTheCallbackReachesTheCaller()
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        options.MetricsCallback = _ => throw new InvalidTimeZoneException("mine");

        Assert.ThrowsExactly<InvalidTimeZoneException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));
    }

    [TestMethod]
    public void TheModelHasTheWeightsOfTheBestEpoch()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 10);
        var map = context.Transforms.Conversion.MapValueToKey("Label").Fit(data);
        var options = TinyTraining.Options(epochs: 6);
        var validation = map.Transform(TinyTraining.Data(context, perClass: 20, seed: 9));
        options.ValidationSet = validation;

        using var model = context.MulticlassClassification.Trainers.VisionTransformer(options).Fit(map.Transform(data));

        var history = model.TrainingHistory!;
        var best = history.Epochs[history.BestEpoch - 1];
        Assert.AreEqual(history.Epochs.Max(e => e.ValidationAccuracy), best.ValidationAccuracy);
        var metrics = context.MulticlassClassification.Evaluate(model.Transform(validation));
        Assert.AreEqual(best.ValidationAccuracy!.Value, metrics.MicroAccuracy, 1e-9);
        Assert.AreEqual(best.ValidationLoss!.Value, metrics.LogLoss, 1e-4);
    }

    [TestMethod]
    public void EarlyStoppingEndsTheRun()
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options(epochs: 50);
        options.EarlyStoppingCriteria = new VisionTransformerTrainer.EarlyStopping(minDelta: 0.5f, patience: 3);

        using var model = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 10), options);

        var history = model.LastTransformer.TrainingHistory!;
        Assert.IsTrue(history.StoppedEarly);
        Assert.IsLessThan(50, history.Epochs.Count);
    }

    [TestMethod]
    public void EarlyStoppingWithoutValidationRowsIsRefused()
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        options.EarlyStoppingCriteria = new VisionTransformerTrainer.EarlyStopping();
        options.ValidationSetFraction = null;

        var error = Assert.ThrowsExactly<ArgumentException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));

        Assert.Contains("EarlyStoppingCriteria", error.Message);
    }

    [TestMethod]
    public void CancellingStopsWithinABatch()
    {
        var context = new MLContext(seed: 1);
        using var cancel = new CancellationTokenSource();
        var options = TinyTraining.Options(epochs: 1000);
        int epochs = 0;
        options.CancellationToken = cancel.Token;
        options.MetricsCallback = _ =>
        {
            epochs++;
            cancel.Cancel();
        };

        Assert.Throws<OperationCanceledException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));

        Assert.AreEqual(1, epochs);
    }

    [TestMethod]
    public void CancelExecutionOfTheContextStopsToo()
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options(epochs: 1000);
        options.MetricsCallback = _ => typeof(MLContext).GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(context, null);

        Assert.Throws<OperationCanceledException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));
    }

    [TestMethod]
    public void ALossThatIsNoNumberEndsTheRunAndSaysWhatToDo()
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options(epochs: 50);
        (options.LearningRate, options.WarmupEpochs, options.ClipGradientNorm) = (1e20f, 0, 0);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));

        Assert.Contains("Lower LearningRate", error.Message);
        Assert.Contains("epoch", error.Message);
    }

    [TestMethod]
    public void TrainingScoringAndDisposingGiveAllTensorsBack() =>
        LiveTensors.AssertSameAfter(() => TrainAndScore(seed: 1), parametersCreated: TinyTraining.Parameters);

    [TestMethod]
    public void AFailedRunGivesAllTensorsBack() => LiveTensors.AssertSameAfter(() =>
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options(epochs: 3);
        options.MetricsCallback = m => throw new InvalidTimeZoneException();
        Assert.ThrowsExactly<InvalidTimeZoneException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));
    }, parametersCreated: TinyTraining.Parameters);

    private static float[] TrainAndScore(int seed, double dropout = 0)
    {
        var context = new MLContext(seed);
        var data = TinyTraining.Data(context);
        var options = TinyTraining.Options(epochs: 2);
        options.Arch = TinyTraining.Architecture with { DropPathRate = dropout, ProjectionDropoutRate = dropout, AttentionDropoutRate = dropout };
        using var model = TinyTraining.Train(context, data, options);
        return Flat(model.Transform(data));
    }

    private static float[] Flat(IDataView scored) => [.. TinyTraining.Scores(scored).SelectMany(s => s)];
}
