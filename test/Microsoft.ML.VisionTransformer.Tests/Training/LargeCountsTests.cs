// Counts in options, up to the maximum: no product of them overflows.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Logging;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class LargeCountsTests
{
    private const int Most = int.MaxValue;

    [TestMethod]
    [DataRow(8, Most, 8, 2)]
    [DataRow(Most - 5, 1, 12, 1)]
    [DataRow(Most, Most, 12, 1)]
    public void AnUpdateOfMoreRowsThanThereAre_IsOneOfAllRows(int batchSize, int accumulation, int sameBatchSize, int sameAccumulation)
    {
        var steps = new List<TrainingMetrics>();

        float[] found = Scores(o => (o.BatchSize, o.GradientAccumulation, o.MetricsCallback) = (batchSize, accumulation, steps.Add));

        CollectionAssert.AreEqual(Scores(o => (o.BatchSize, o.GradientAccumulation) = (sameBatchSize, sameAccumulation)), found);
        Assert.AreEqual((1, 1), (steps[^1].Step, steps[^1].Steps));
        Assert.IsGreaterThan(0, steps[^1].TrainingLoss);
    }

    [TestMethod]
    public void AsManyEpochsAsCanBe_TrainUntilTheRunIsStopped()
    {
        using var stop = new CancellationTokenSource();
        var steps = new List<TrainingMetrics>();

        Scores(o =>
        {
            (o.Epoch, o.CancellationToken, o.OnCancellation) = (Most, stop.Token, CancellationHandling.ReturnBest);
            o.MetricsCallback = metrics =>
            {
                steps.Add(metrics);
                if (steps.Count == 3)
                    stop.Cancel();
            };
        });

        Assert.HasCount(3, steps);
        Assert.IsTrue(steps.TrueForAll(m => m.TimeLeft > TimeSpan.Zero));
    }

    [TestMethod]
    public void AWarmupLongerThanAnyTraining_StaysAtItsFirstRates()
    {
        var steps = new List<TrainingMetrics>();

        Scores(o => (o.WarmupEpochs, o.Epoch, o.MetricsCallback) = (float.MaxValue, 2, steps.Add));

        foreach (var step in steps)
            Assert.AreEqual(1e-6, step.LearningRate, 1e-12);
    }

    [TestMethod]
    [DataRow(7, 3, 12, 1)]
    [DataRow(Most, 1, 12, 1)]
    [DataRow(Most - 5, Most, Most, 1)]
    [DataRow(1, Most, Most, 1)]
    [DataRow(1, 1, Most, Most)]
    [DataRow(2, 3, 13, 3)]
    public void StepsPerEpoch_AreCountedWithoutOverflow(int batchSize, int accumulation, int rows, int steps)
    {
        var converter = new ImagePreprocessor(ImagePreprocessing.For(TinyTraining.Architecture));
        var batches = new TrainingBatches(converter, batchSize, seed: 1, batchesPerStep: accumulation);

        Assert.AreEqual(steps, batches.StepsPerEpoch(rows));
        Assert.AreEqual((long)batchSize * accumulation, batches.RowsPerStep);
    }

    [TestMethod]
    public void ATrainingWithoutAnUpdate_IsAnError()
    {
        var plan = TinyTraining.Options().ToPlan(seed: 1) with { Architecture = TinyTraining.Architecture with { Classes = 3 }, Epochs = 0 };
        using var network = new VisionTransformerNetwork(plan.Architecture, seed: 1);
        TrainingRow[] rows = [.. ColoredSamples.Make(1).Select((s, i) => new TrainingRow(new EncodedImageSource(s.Image, "sample"), i, 1))];
        using var loop = new TrainingLoop(plan, rows, [], network, CPU, () => { });
        using var report = new TrainingLog(((Runtime.IHostEnvironment)new MLContext()).Register("test"), null);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => loop.Run(report));

        Assert.Contains("no update", error.Message);
    }

    [TestMethod]
    public void RowsThatAllWeighNothing_AreAnError()
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable(ColoredSamples.Make(4).Select(s => new WeightedSample { Image = s.Image, Label = s.Label }));
        var options = TinyTraining.Options();
        options.ExampleWeightColumnName = nameof(WeightedSample.Weight);

        var error = Assert.ThrowsExactly<InvalidDataException>(() => TinyTraining.Train(context, data, options));

        Assert.Contains("ExampleWeightColumnName", error.Message);
    }

    [TestMethod]
    public void AScoringBatchThatNoArrayHolds_IsRefusedWithTheLargest()
    {
        var context = new MLContext(seed: 1);
        using var model = TinyTraining.Train(context, TinyTraining.Data(context));

        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.LastTransformer.ScoringBatchSize = Most);

        int most = Array.MaxLength / (3 * 16 * 16);
        Assert.Contains($"at most {most}", error.Message);
        model.LastTransformer.ScoringBatchSize = most;
        Assert.HasCount(24, TinyTraining.Scores(model.Transform(TinyTraining.Data(context))));
    }

    [TestMethod]
    public void AnArrayTooLong_IsRefusedWithWhatItHolds()
    {
        Assert.AreEqual(Array.MaxLength, ArrayLength.Of(Array.MaxLength, 1, "rows", "Less"));
        var error = Assert.ThrowsExactly<NotSupportedException>(() => ArrayLength.Of(Most, long.MaxValue, "images of a batch", "Lower BatchSize"));
        Assert.Contains("images of a batch", error.Message);
        Assert.EndsWith("Lower BatchSize.", error.Message);
    }

    private static float[] Scores(Action<VisionTransformerTrainer.Options> change)
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 4);
        var options = TinyTraining.Options();
        (options.Device, options.ValidationSetFraction) = ("cpu", null);
        change(options);
        using var model = TinyTraining.Train(context, data, options);
        return [.. TinyTraining.Scores(model.Transform(data)).SelectMany(row => row)];
    }

    private sealed class WeightedSample
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";

        public float Weight { get; set; }
    }
}
