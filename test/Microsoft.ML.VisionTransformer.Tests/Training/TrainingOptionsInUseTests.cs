// Effects of the options of a run: class weights, gradient accumulation, frozen blocks, EMA, calibration, logs, and the choice of a strategy.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Logging;
using Microsoft.ML.VisionTransformer.Training.Plan;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class TrainingOptionsInUseTests
{
    [TestMethod]
    public void BalancedClassesWeighTheSameInAllAndOneOnAverage()
    {
        TrainingRow[] rows = [.. new[] { 0, 0, 0, 2 }.Select(c => new TrainingRow(NoImage.Instance, c, 1))];

        var balanced = ClassBalance.Apply(rows, ClassBalance.Factors(rows, Plan(o => o.ClassWeighting = ClassWeighting.Balanced), ["red", "green", "blue"]));

        CollectionAssert.AreEqual(new[] { 2 / 3f, 2 / 3f, 2 / 3f, 2f }, balanced.Select(r => r.Weight).ToArray());
    }

    [TestMethod]
    public void GivenClassWeightsMultiplyTheRows()
    {
        TrainingRow[] rows = [new(NoImage.Instance, 0, 2), new(NoImage.Instance, 1, 3)];
        var plan = Plan(o => o.ClassWeights = new Dictionary<string, float> { ["green"] = 0, ["red"] = 0.5f });

        var weighted = ClassBalance.Apply(rows, ClassBalance.Factors(rows, plan, ["red", "green"]));

        CollectionAssert.AreEqual(new[] { 1f, 0f }, weighted.Select(r => r.Weight).ToArray());
    }

    [TestMethod]
    public void ClassWeightsMustHaveTheClassesOfTheLabel()
    {
        var options = TinyTraining.Options();
        options.ClassWeights = new Dictionary<string, float> { ["red"] = 1, ["purple"] = 2 };
        var context = new MLContext(seed: 1);

        var error = Assert.ThrowsExactly<ArgumentException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));

        Assert.Contains("'purple' is not among them", error.Message);
        Assert.Contains("'green'", error.Message);
    }

    [TestMethod]
    public void AccumulatedGradientsMakeFewerStepsAndTheLastMayBeShort()
    {
        var steps = new List<TrainingMetrics>();
        Train(o => (o.GradientAccumulation, o.BatchSize, o.ValidationSetFraction, o.MetricsCallback) = (3, 2, null, steps.Add));

        // 24 rows are 12 batches of 2, 4 steps of 3 batches.
        Assert.AreEqual(4, steps.Count(m => m.Phase == TrainingPhase.Step));
        Assert.AreEqual(4, steps[^1].Steps);
    }

    [TestMethod]
    public void StepsTellOfTheEpochSoFar()
    {
        var seen = new List<TrainingMetrics>();
        Train(o => (o.Epoch, o.ValidationSetFraction, o.MetricsCallback) = (2, null, seen.Add));

        CollectionAssert.AreEqual(
            new[] { (1, 1), (1, 2), (1, 3), (1, 3), (2, 1), (2, 2), (2, 3), (2, 3) }, seen.Select(m => (m.Epoch, m.Step)).ToArray());
        Assert.AreEqual(seen[2].TrainingLoss, seen[3].TrainingLoss);
        Assert.AreEqual(TrainingPhase.Epoch, seen[3].Phase);
        Assert.IsTrue(seen.All(m => m.Steps == 3 && m.TrainingLoss > 0 && m.ImagesPerSecond > 0 && m.LearningRate > 0));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void FrozenBlocksStayAsTheyWere(int frozen)
    {
        using var folder = new TemporaryFolder();
        using var after = new TemporaryFolder();
        SavePretrained(folder);

        using (var model = Train(o => (o.Arch, o.PretrainedModel, o.Strategy, o.FrozenBlocks, o.LearningRate) = (null, folder.Path, TrainingStrategy.FineTune, frozen, 0.01f)))
            model.LastTransformer.SaveAsSafetensors(after.Path);

        var (was, now) = (SafetensorsFile.Read(folder.File("model.safetensors")), SafetensorsFile.Read(after.File("model.safetensors")));
        foreach (string name in was.Names)
        {
            bool stays = name is "cls_token" or "pos_embed" || name.StartsWith("patch_embed.", StringComparison.Ordinal) || name.StartsWith("blocks.0.", StringComparison.Ordinal)
                || (frozen == 2 && name.StartsWith("blocks.1.", StringComparison.Ordinal));
            Assert.AreEqual(stays, was.Floats(name).AsSpan().SequenceEqual(now.Floats(name)), name);
        }
    }

    [TestMethod]
    public void TheAverageIsTakenWhereItIsBetterAndTheHistorySaysSo()
    {
        using var model = Train(o => (o.Epoch, o.EmaDecay, o.ValidationSetFraction) = (3, 0.5f, 0.25f), perClass: 12);

        var history = model.LastTransformer.TrainingHistory!;
        var best = history.Epochs[history.BestEpoch - 1];
        Assert.AreEqual(best.ValidatedAverage, history.IsAverage);
    }

    [TestMethod]
    public void WithoutValidationRowsTheModelHasTheAverage()
    {
        using var own = Train(o => (o.Epoch, o.ValidationSetFraction) = (2, null));
        using var average = Train(o => (o.Epoch, o.ValidationSetFraction, o.EmaDecay) = (2, null, 0.9f));

        Assert.IsTrue(average.LastTransformer.TrainingHistory!.IsAverage);
        CollectionAssert.AreNotEqual(Scores(own), Scores(average));
    }

    [TestMethod]
    public void SgdLearnsToo()
    {
        using var model = Train(o => (o.Epoch, o.Optimizer, o.LearningRate, o.WeightDecay) = (12, TrainingOptimizer.Sgd, 0.05f, 1e-4f), perClass: 12);

        Assert.IsLessThan(1, model.LastTransformer.TrainingHistory!.Epochs[^1].TrainingLoss);
    }

    [TestMethod]
    public void ACalibratedModelHasATemperatureThatFitsTheValidationRows()
    {
        using var plain = Train(o => (o.LearningRate, o.ValidationSetFraction) = (1e-5f, 0.5f), perClass: 20);
        using var calibrated = Train(o => (o.LearningRate, o.ValidationSetFraction, o.Calibrate) = (1e-5f, 0.5f, true), perClass: 20);

        var history = calibrated.LastTransformer.TrainingHistory!;
        Assert.AreNotEqual(1, calibrated.LastTransformer.Temperature);
        Assert.AreEqual(history.Temperature, calibrated.LastTransformer.Temperature);
        Assert.IsNotNull(history.CalibrationError);
        Assert.AreEqual(1, plain.LastTransformer.Temperature);
        Assert.AreEqual(plain.LastTransformer.TrainingHistory!.Epochs[plain.LastTransformer.TrainingHistory.BestEpoch - 1].ValidationCalibrationError, plain.LastTransformer.TrainingHistory.CalibrationError);
        CollectionAssert.AreNotEqual(Scores(plain), Scores(calibrated));
    }

    [TestMethod]
    public void CalibratingWithoutValidationRowsIsRefused()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Train(o => (o.Calibrate, o.ValidationSetFraction) = (true, null)));

        Assert.Contains("Calibrate", error.Message);
    }

    [TestMethod]
    public void TheWorkspaceHasATableAndTensorBoardEvents()
    {
        using var folder = new TemporaryFolder();
        Train(o => (o.Epoch, o.WorkspacePath, o.Logs) = (3, folder.Path, TrainingLogs.Csv | TrainingLogs.TensorBoard)).Dispose();

        string[] lines = File.ReadAllLines(folder.File("metrics.csv"));
        Assert.HasCount(4, lines);
        Assert.StartsWith("epoch,loss/training", lines[0]);
        Assert.StartsWith("3,", lines[3]);
        Assert.HasCount(1, Directory.GetFiles(folder.File("tensorboard"), "events.out.tfevents.*"));
    }

    [TestMethod]
    [DataRow(9, TrainingStrategy.LinearProbe)]
    [DataRow(10, TrainingStrategy.FineTune)]
    public void TheStrategyFollowsFromTheNumberOfImagesAndTheLogSaysSo(int perClass, TrainingStrategy expected)
    {
        using var folder = new TemporaryFolder();
        SavePretrained(folder);
        var log = new List<string>();

        using var model = Train(o => (o.Arch, o.PretrainedModel, o.Epoch) = (null, folder.Path, 1), perClass, log);

        Assert.Contains(line => line.Contains($"({expected}: ", StringComparison.Ordinal) && line.Contains("10 images per class", StringComparison.Ordinal), log);
    }

    [TestMethod]
    [DataRow(TrainingStrategy.FromScratch, 100, false, false, 0.0)]
    [DataRow(TrainingStrategy.FromScratch, 20_000, true, false, 0.0)]
    [DataRow(TrainingStrategy.FromScratch, 200_000, true, true, 0.1)]
    public void FromScratchVariesImagesMoreWhereThereAreMore(TrainingStrategy strategy, int images, bool policy, bool mixes, double dropPath)
    {
        var defaults = StrategyDefaults.Of(strategy, images);

        Assert.AreEqual(policy, defaults.Augmentation.Policy != AugmentationPolicy.None);
        Assert.AreEqual(mixes, defaults.Augmentation.Mixes);
        Assert.AreEqual(dropPath, defaults.DropPathRate, 1e-6);
    }

    [TestMethod]
    [DataRow(10, 0)]
    [DataRow(170, 51)]
    public void FineTuningOfFewImagesTrainsOnAllOfThem(int perClass, int validationRows)
    {
        var options = new VisionTransformerTrainer.Options { PretrainedModel = "model", Arch = TinyTraining.Architecture };
        string[] classes = ["red", "green", "blue"];

        double fraction = options.ToPlan(seed: 1, new TrainingDataSummary(3 * perClass, classes)).ValidationFraction;

        Assert.AreEqual(validationRows, fraction * 3 * perClass, 0.01);
        options.Calibrate = true;
        Assert.AreEqual(0.1, options.ToPlan(seed: 1, new TrainingDataSummary(30, classes)).ValidationFraction, 1e-6);
    }

    [TestMethod]
    public void FineTuningBeginsWithTheHeadOfAProbe()
    {
        using var folder = new TemporaryFolder();
        SavePretrained(folder);
        var seen = new List<TrainingMetrics>();
        // A rate that changes nothing, and images as the probe saw them.
        Action<VisionTransformerTrainer.Options> common = o => (o.Arch, o.PretrainedModel, o.Strategy, o.LearningRate, o.RandomCropMinimumArea, o.Augmentation, o.LabelSmoothing, o.DropPathRate)
            = (null, folder.Path, TrainingStrategy.FineTune, 1e-9f, null, TrainingAugmentations.None, 0, 0);
        using var probed = Train(o =>
        {
            common(o);
            o.MetricsCallback = seen.Add;
        });
        using var plain = Train(o =>
        {
            common(o);
            o.InitializeHeadByProbe = false;
        });

        Assert.AreEqual(TrainingPhase.Features, seen[0].Phase);
        Assert.IsLessThan(plain.LastTransformer.TrainingHistory!.Epochs[0].TrainingLoss - 0.1, probed.LastTransformer.TrainingHistory!.Epochs[0].TrainingLoss);
    }

    [TestMethod]
    [DataRow(TrainingStrategy.LinearProbe, "The linear probe has a cross-validated accuracy of ")]
    [DataRow(TrainingStrategy.FineTune, "The linear probe from which fine-tuning starts has a cross-validated accuracy of ")]
    public void TheAccuracyOfTheProbeIsMeasuredAndLogged(TrainingStrategy strategy, string expected)
    {
        using var folder = new TemporaryFolder();
        SavePretrained(folder);
        var log = new List<string>();

        using var model = Train(o => (o.Arch, o.PretrainedModel, o.Strategy, o.ValidationSetFraction, o.LearningCurve) = (null, folder.Path, strategy, null, true), log: log);

        var history = model.LastTransformer.TrainingHistory!;
        Assert.IsTrue(history.ProbeAccuracy is > 0.5 and <= 1);
        Assert.IsTrue(history.ProbePenalty is > 0);
        Assert.AreEqual(history.ProbeAccuracy!.Value, history.LearningCurve[^1].Accuracy, 1e-12);
        Assert.IsGreaterThan(1, history.LearningCurve.Count);
        Assert.Contains(line => line.Contains(expected, StringComparison.Ordinal) && line.Contains("% on 24 images", StringComparison.Ordinal), log);
        Assert.Contains(line => line.Contains("by number of training images: ", StringComparison.Ordinal), log);
    }

    [TestMethod]
    [DataRow(null, 1)]
    [DataRow(TrainingStrategy.FromScratch, 0, DisplayName = "who sets the strategy knows it")]
    public void TrainingFromScratchOnFewImagesIsAWarning(TrainingStrategy? strategy, int expected)
    {
        var log = new List<string>();

        Train(o => o.Strategy = strategy, log: log).Dispose();

        Assert.AreEqual(expected, log.Count(line => line.Contains("Training from scratch on 21 images: a Vision Transformer needs far more images", StringComparison.Ordinal)), string.Join('\n', log));
    }

    [TestMethod]
    [DataRow(9_999, null, true)]
    [DataRow(10_000, null, false)]
    [DataRow(10, "vit-tiny", false)]
    public void OnlyFewImagesWithoutAPretrainedModelAreAdvisedAgainst(int images, string? model, bool expected) =>
        Assert.AreEqual(expected, StrategyDefaults.Advice(new() { PretrainedModel = model }, images) is not null);

    [TestMethod]
    [DataRow(TrainingStrategy.LinearProbe)]
    [DataRow(TrainingStrategy.FineTune)]
    public void TheLearningCurveChangesNothingElse(TrainingStrategy strategy)
    {
        using var folder = new TemporaryFolder();
        SavePretrained(folder);
        using var with = Train(o => (o.Arch, o.PretrainedModel, o.Strategy, o.LearningCurve) = (null, folder.Path, strategy, true));
        using var without = Train(o => (o.Arch, o.PretrainedModel, o.Strategy) = (null, folder.Path, strategy));

        Assert.IsEmpty(without.LastTransformer.TrainingHistory!.LearningCurve);
        Assert.AreEqual(without.LastTransformer.TrainingHistory.ProbeAccuracy, with.LastTransformer.TrainingHistory!.ProbeAccuracy);
        CollectionAssert.AreEqual(Scores(without), Scores(with));
    }

    [TestMethod]
    public void AKeptHeadHasNoProbeAndALearningCurveIsReportedAsMissing()
    {
        using var folder = new TemporaryFolder();
        using (var first = Train(_ => { }))
            first.LastTransformer.SaveAsSafetensors(folder.Path);
        var log = new List<string>();

        using var model = Train(o => (o.Arch, o.PretrainedModel, o.Strategy, o.LearningCurve) = (null, folder.Path, TrainingStrategy.FineTune, true), log: log);

        Assert.IsNull(model.LastTransformer.TrainingHistory!.ProbeAccuracy);
        Assert.IsEmpty(model.LastTransformer.TrainingHistory.LearningCurve);
        Assert.Contains(line => line.Contains("LearningCurve is set, but there is no linear probe to measure", StringComparison.Ordinal), log);
    }

    [TestMethod]
    [DataRow(0.1f, 0.5, ChannelMessageKind.Warning)]
    [DataRow(0.1f, 0.89, ChannelMessageKind.Info)]
    [DataRow(null, 0.5, ChannelMessageKind.Info, DisplayName = "a validation set of the user's may be harder")]
    public void FineTuningThatEndsBelowItsProbeIsAWarning(float? fraction, double reached, ChannelMessageKind expected)
    {
        var context = new MLContext();
        var messages = new List<LoggingEventArgs>();
        context.Log += (_, e) => messages.Add(e);
        using var report = new TrainingLog(((IHostEnvironment)context).Register("test"), null);
        var history = new TrainingHistory { Epochs = [new() { ValidationAccuracy = reached }], BestEpoch = 1, ValidationRows = 60 };

        report.CompareWithProbe(history, new ProbeResult(0.1, 0.9, 540), Plan(o => o.ValidationSetFraction = fraction));

        var message = messages.Single(m => m.Message.Contains("Fine-tuning ended", StringComparison.Ordinal));
        Assert.AreEqual(expected, message.Kind);
        Assert.Contains("the linear probe that it started from has a cross-validated accuracy of 90.0% on 540 images", message.Message);
    }

    private static TransformerChain<VisionTransformerPredictionTransformer> Train(Action<VisionTransformerTrainer.Options> change, int perClass = 8, List<string>? log = null)
    {
        var context = new MLContext(seed: 3);
        if (log is not null)
            context.Log += (_, e) => log.Add(e.Message);
        var options = TinyTraining.Options();
        change(options);
        return TinyTraining.Train(context, TinyTraining.Data(context, perClass), options);
    }

    private static float[] Scores(TransformerChain<VisionTransformerPredictionTransformer> model) =>
        [.. TinyTraining.Scores(model.Transform(TinyTraining.Data(new MLContext(seed: 3)))).SelectMany(s => s)];

    /// <summary>A network for classes that the data has not, so that its head is new.</summary>
    private static void SavePretrained(TemporaryFolder folder)
    {
        var context = new MLContext(seed: 4);
        var samples = ColoredSamples.Make(8).ToArray();
        foreach (var sample in samples)
            sample.Label = "another " + sample.Label;
        using var model = TinyTraining.Train(context, context.Data.LoadFromEnumerable(samples), TinyTraining.Options(epochs: 2));
        model.LastTransformer.SaveAsSafetensors(folder.Path);
    }

    private static TrainingPlan Plan(Action<VisionTransformerTrainer.Options> change)
    {
        var options = TinyTraining.Options();
        change(options);
        return options.ToPlan(seed: 1);
    }

    private sealed class NoImage : ImageSource
    {
        internal static NoImage Instance { get; } = new();

        internal override void Fill(ImagePreprocessor converter, RandomStream? random, Span<float> chw) => chw.Clear();
    }
}
