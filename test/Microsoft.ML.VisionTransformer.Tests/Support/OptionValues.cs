// A value other than the default for every option that describes a training.
using Options = Microsoft.ML.VisionTransformer.VisionTransformerTrainer.Options;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class OptionValues
{
    /// <summary>By the name of the option. Together they are not valid.</summary>
    internal static IReadOnlyDictionary<string, object?> All { get; } = new Dictionary<string, object?>
    {
        [nameof(Options.LabelColumnName)] = "Class \"a\"",
        [nameof(Options.FeatureColumnName)] = "Фото",
        [nameof(Options.ExampleWeightColumnName)] = "Weight",
        [nameof(Options.ScoreColumnName)] = "Probabilities",
        [nameof(Options.PredictedLabelColumnName)] = "Class",
        [nameof(Options.Arch)] = VisionTransformerArchitecture.Parse("vit_small_patch16_224") with { ImageSize = (64, 96), LayerScale = 1e-5, PatchStride = 8 },
        [nameof(Options.PretrainedModel)] = "timm/vit_tiny_patch16_224.augreg_in21k",
        [nameof(Options.Strategy)] = TrainingStrategy.FromScratch,
        [nameof(Options.Seed)] = -5,
        [nameof(Options.Epoch)] = 3,
        [nameof(Options.BatchSize)] = 7,
        [nameof(Options.GradientAccumulation)] = 2,
        [nameof(Options.Optimizer)] = TrainingOptimizer.Sgd,
        [nameof(Options.Momentum)] = 0.8f,
        [nameof(Options.Beta2)] = 0.99f,
        [nameof(Options.Nesterov)] = false,
        [nameof(Options.LearningRate)] = 0.1f / 3,
        [nameof(Options.LearningRateSchedule)] = TrainingSchedule.Linear,
        [nameof(Options.MinimumLearningRate)] = 0f,
        [nameof(Options.DistributedLearningRate)] = LearningRateScaling.Root,
        [nameof(Options.WarmupEpochs)] = 0.5f,
        [nameof(Options.WeightDecay)] = 1e-4f,
        [nameof(Options.LayerDecay)] = 0.65f,
        [nameof(Options.HeadLearningRateFactor)] = 2f,
        [nameof(Options.InitializeHeadByProbe)] = false,
        [nameof(Options.FrozenBlocks)] = 1,
        [nameof(Options.EmaDecay)] = 0.99f,
        [nameof(Options.EmaWarmup)] = false,
        [nameof(Options.Precision)] = TrainingPrecision.BFloat16,
        [nameof(Options.ClassWeighting)] = ClassWeighting.Balanced,
        [nameof(Options.ClassWeights)] = new Dictionary<string, float> { ["\"tulip\"\n"] = 2, ["rose {red}"] = 0.5f },
        [nameof(Options.DropPathRate)] = 0f,
        [nameof(Options.ProbePenalty)] = 1e-3f,
        [nameof(Options.LabelSmoothing)] = 0f,
        [nameof(Options.ClipGradientNorm)] = 0f,
        [nameof(Options.RandomCropMinimumArea)] = 0.7f,
        [nameof(Options.HorizontalFlip)] = false,
        [nameof(Options.Augmentation)] = TrainingAugmentations.DeiT with { ErasingFill = ErasingFill.Mean, HueJitter = 0.1 },
        [nameof(Options.Preprocessing)] = new ImagePreprocessing { Size = (64, 96), Mean = new(0.1f, 0.2f, 0.3f), Resizing = ImageResizing.Squash, ScaledDecoding = false },
        [nameof(Options.OnInvalidImage)] = InvalidImageHandling.Skip,
        [nameof(Options.OnInvalidImageInPrediction)] = InvalidImageHandling.Missing,
        [nameof(Options.ValidationSetFraction)] = null,
        [nameof(Options.EarlyStoppingCriteria)] = new VisionTransformerTrainer.EarlyStopping(0.002f, 3, VisionTransformerTrainer.EarlyStoppingMetric.Loss),
        [nameof(Options.Calibrate)] = true,
    };

    /// <summary>Options that are refused without a pretrained model.</summary>
    internal static IReadOnlyList<string> NeedPretrainedModel { get; } = [nameof(Options.FrozenBlocks), nameof(Options.ProbePenalty)];
}
