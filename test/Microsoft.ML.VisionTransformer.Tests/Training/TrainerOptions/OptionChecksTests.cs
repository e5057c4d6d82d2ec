// Options: each invalid value is rejected by name before any data is read.
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer.Tests.Training.TrainerOptions;

[TestClass]
public sealed class OptionChecksTests
{
    /// <summary>How the message begins, with the option's name as the user writes it.</summary>
    private static readonly Dictionary<string, Action<VisionTransformerTrainer.Options>> _bad = new()
    {
        ["Epoch"] = o => o.Epoch = 0,
        ["BatchSize"] = o => o.BatchSize = 0,
        ["LearningRate"] = o => o.LearningRate = float.NaN,
        ["LearningRate is 0"] = o => o.LearningRate = 0,
        ["MinimumLearningRate"] = o => (o.LearningRate, o.MinimumLearningRate) = (1e-4f, 1e-3f),
        ["WarmupEpochs"] = o => o.WarmupEpochs = -1,
        ["WeightDecay"] = o => o.WeightDecay = float.PositiveInfinity,
        ["LabelSmoothing"] = o => o.LabelSmoothing = 1,
        ["ClipGradientNorm"] = o => o.ClipGradientNorm = -1,
        ["RandomCropMinimumArea"] = o => o.RandomCropMinimumArea = 1.5f,
        ["ValidationSetFraction"] = o => o.ValidationSetFraction = 1,
        ["LabelColumnName"] = o => o.LabelColumnName = "",
        ["FeatureColumnName"] = o => o.FeatureColumnName = null!,
        ["ExampleWeightColumnName"] = o => o.ExampleWeightColumnName = " ",
        ["PredictedLabelColumnName"] = o => o.PredictedLabelColumnName = "Score",
        ["ImageMemoryLimitBytes"] = o => o.ImageMemoryLimitBytes = -1,
        ["WorkspacePath"] = o => o.WorkspacePath = " ",
        ["Device"] = o => o.Device = "gpu",
        ["Strategy is FineTune and PretrainedModel is null"] = o => o.Strategy = TrainingStrategy.FineTune,
        ["Strategy is FromScratch and PretrainedModel is set"] = o => (o.Strategy, o.PretrainedModel) = (TrainingStrategy.FromScratch, "model"),
        ["Strategy is 9"] = o => o.Strategy = (TrainingStrategy)9,
        ["PretrainedModel"] = o => o.PretrainedModel = " ",
        ["Strategy is LinearProbe and PretrainedModel is null"] = o => o.Strategy = TrainingStrategy.LinearProbe,
        ["Augmentation is set and Strategy is LinearProbe"] = o => (o.Strategy, o.PretrainedModel, o.Augmentation) = (TrainingStrategy.LinearProbe, "model", new()),
        ["ProbePenalty"] = o => (o.Strategy, o.PretrainedModel, o.ProbePenalty) = (TrainingStrategy.LinearProbe, "model", -1),
        ["ProbePenalty is set and Strategy is FromScratch"] = o => o.ProbePenalty = 0.1f,
        ["LearningCurve is set and Strategy is FromScratch"] = o => o.LearningCurve = true,
        ["LearningCurve is set and InitializeHeadByProbe is false"] = o => (o.Strategy, o.PretrainedModel, o.InitializeHeadByProbe, o.LearningCurve) = (TrainingStrategy.FineTune, "model", false, true),
        ["GradientAccumulation"] = o => o.GradientAccumulation = 0,
        ["Optimizer"] = o => o.Optimizer = (TrainingOptimizer)5,
        ["Momentum"] = o => o.Momentum = 1,
        ["Beta2"] = o => o.Beta2 = -0.1f,
        ["LearningRateSchedule"] = o => o.LearningRateSchedule = (TrainingSchedule)8,
        ["MinimumLearningRate is set and LearningRateSchedule is Constant"] = o => (o.LearningRateSchedule, o.MinimumLearningRate) = (TrainingSchedule.Constant, 1e-6f),
        ["FrozenBlocks is set and Strategy is FromScratch"] = o => o.FrozenBlocks = 1,
        ["FrozenBlocks must be from 0"] = o => (o.Strategy, o.PretrainedModel, o.FrozenBlocks) = (TrainingStrategy.FineTune, "model", -1),
        ["FrozenBlocks is set and Strategy is LinearProbe"] = o => (o.Strategy, o.PretrainedModel, o.FrozenBlocks) = (TrainingStrategy.LinearProbe, "model", 1),
        ["EmaDecay is set and Strategy is LinearProbe"] = o => (o.Strategy, o.PretrainedModel, o.EmaDecay) = (TrainingStrategy.LinearProbe, "model", 0.9f),
        ["EmaDecay"] = o => o.EmaDecay = 1,
        ["Precision"] = o => o.Precision = (TrainingPrecision)4,
        ["ClassWeighting"] = o => o.ClassWeighting = (ClassWeighting)4,
        ["ClassWeights is set and ClassWeighting is Balanced"] = o => (o.ClassWeights, o.ClassWeighting) = (new Dictionary<string, float> { ["red"] = 1 }, ClassWeighting.Balanced),
        ["ClassWeights[\"red\"] is -1"] = o => o.ClassWeights = new Dictionary<string, float> { ["red"] = -1 },
        ["CheckpointInterval"] = o => o.CheckpointInterval = TimeSpan.FromSeconds(-1),
        ["Logs is Csv and WorkspacePath is null"] = o => o.Logs = TrainingLogs.Csv,
        ["Logs is 8"] = o => o.Logs = (TrainingLogs)8,
        ["OnCancellation"] = o => o.OnCancellation = (CancellationHandling)4,
        ["LayerDecay"] = o => o.LayerDecay = 1.1f,
        ["LayerDecay is 0"] = o => o.LayerDecay = 0,
        ["HeadLearningRateFactor"] = o => o.HeadLearningRateFactor = 0,
        ["DropPathRate"] = o => o.DropPathRate = 1,
        ["Device is 'cuda:one'; it must be auto, cpu, cuda, cuda:1"] = o => o.Device = "cuda:one",
        ["Heads is 5"] = o => o.Arch = TinyTraining.Architecture with { Heads = 5 },
        ["Arch has 4 channels"] = o => o.Arch = TinyTraining.Architecture with { Channels = 4 },
        ["Preprocessing makes images of 32x32"] = o => o.Preprocessing = new ImagePreprocessing { Size = 32 },
        ["OnInvalidImage is Missing"] = o => o.OnInvalidImage = InvalidImageHandling.Missing,
        ["OnInvalidImageInPrediction is Skip"] = o => o.OnInvalidImageInPrediction = InvalidImageHandling.Skip,
        ["OnInvalidImage is 7"] = o => o.OnInvalidImage = (InvalidImageHandling)7,
        ["RandAugmentOperations is 2147483647; it must be from 1 to 100"] = o => o.Augmentation = new() { CropMinimumArea = 0.5, RandAugmentOperations = int.MaxValue },
        ["ErasingCount is 2147483647; it must be from 1 to 100"] = o => o.Augmentation = new() { CropMinimumArea = 0.5, ErasingCount = int.MaxValue },
        ["Calibrate is set, but there are no validation rows"] = o => (o.Calibrate, o.ValidationSetFraction) = (true, 0),
        ["EarlyStoppingCriteria is set, but there are no validation rows"] = o => (o.EarlyStoppingCriteria, o.ValidationSetFraction) = (new(), null),
        ["Size is 0"] = o => o.Preprocessing = new ImagePreprocessing { Size = (16, 0) },
        ["EmbeddingDimension is 16384"] = o => o.Arch = TinyTraining.Architecture with { EmbeddingDimension = 16384, Depth = 1000, MlpRatio = 1 },
        ["MaxPixels"] = o => o.Preprocessing = new ImagePreprocessing { Size = 16, MaxPixels = 0 },
        ["CropFraction"] = o => o.Preprocessing = new ImagePreprocessing { Size = 16, CropFraction = 0 },
    };

    public static IEnumerable<object[]> BadNames => _bad.Keys.Select(k => new object[] { k });

    [TestMethod]
    [DynamicData(nameof(BadNames))]
    public void ABadValueIsRefusedByName(string beginning)
    {
        var options = TinyTraining.Options();
        _bad[beginning](options);

        var error = Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.VisionTransformer(options));

        Assert.StartsWith(beginning, error.Message);
    }

    [TestMethod]
    public void EachMessageBeginsWithTheNameOfAnOption()
    {
        string[] names =
        [
            .. typeof(VisionTransformerTrainer.Options).GetFields().Select(f => f.Name),
            .. new[] { typeof(VisionTransformerArchitecture), typeof(ImagePreprocessing), typeof(TrainingAugmentations) }.SelectMany(t => t.GetProperties()).Select(p => p.Name),
        ];

        var others = _bad.Keys.Where(beginning => !names.Contains(beginning.Split(' ', '[')[0]));

        Assert.IsEmpty(others, string.Join(", ", others));
    }

    [TestMethod]
    public void ChannelsOfAPretrainedModelAreRefusedInItsName()
    {
        var options = TinyTraining.Options();
        (options.Arch, options.PretrainedModel) = (null, "model");

        var error = Assert.Throws<ArgumentException>(() => OptionChecks.CheckNetwork(options, TinyTraining.Architecture with { Channels = 4 }, new ImagePreprocessing { Size = 16 }));

        Assert.StartsWith("PretrainedModel has 4 channels", error.Message);
    }

    [TestMethod]
    public void ChangingOptionsAfterwardsDoesNotMatter()
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        var pipeline = TinyTraining.Pipeline(context, options);
        options.FeatureColumnName = "Nowhere";
        options.Epoch = 7;

        using var model = pipeline.Fit(TinyTraining.Data(context, perClass: 2));

        Assert.HasCount(1, model.LastTransformer.TrainingHistory!.Epochs);
    }

    [TestMethod]
    public void NullOptionsAreRefused() =>
        Assert.ThrowsExactly<ArgumentNullException>(() => new MLContext().MulticlassClassification.Trainers.VisionTransformer((VisionTransformerTrainer.Options)null!));
}
