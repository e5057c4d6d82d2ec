// The settings of a training run, validated and with all defaults filled in.
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Columns;

namespace Microsoft.ML.VisionTransformer.Training.Plan;

/// <summary>
/// Immutable; created only by <see cref="TrainingPlanBuilder"/>. <see cref="VisionTransformerTrainer.Options"/> documents the values. Every property
/// is part of a run's <c>RunIdentity</c>, unless it has a <see cref="NotInIdentityAttribute"/> with the reason.
/// </summary>
internal sealed record TrainingPlan
{
    internal required TrainingStrategy Strategy { get; init; }

    [NotInIdentity("It is text for the log.")]
    internal required string StrategyReason { get; init; }

    /// <summary>A path or hub id; null for training from scratch.</summary>
    [NotInIdentity("The weights of the pretrained model are compared instead, so a model that was moved is the same model.")]
    internal required string? Pretrained { get; init; }

    [NotInIdentity("The labels of all rows are compared instead.")]
    internal required string Label { get; init; }

    [NotInIdentity("The weights of all rows are compared instead.")]
    internal required string? ExampleWeight { get; init; }

    [NotInIdentity("The images are compared by content. The output columns belong to the new model.")]
    internal required ColumnNames Columns { get; init; }

    [NotInIdentity("It selects rows, and the selected rows are compared.")]
    internal required InvalidImageHandling OnInvalidImage { get; init; }

    [OptionName("Arch")]
    internal required VisionTransformerArchitecture Architecture { get; init; }

    internal required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>What happens to the head of the pretrained model; null without a model, and while the classes are unknown.</summary>
    [OptionName("the head of the pretrained model")]
    internal required HeadPlan? Head { get; init; }

    [OptionName("Epoch")]
    internal required int Epochs { get; init; }

    internal required int BatchSize { get; init; }

    internal required int GradientAccumulation { get; init; }

    internal required TrainingOptimizer Optimizer { get; init; }

    internal required double Momentum { get; init; }

    internal required double Beta2 { get; init; }

    internal required bool Nesterov { get; init; }

    [OptionName("LearningRateSchedule")]
    internal required TrainingSchedule Schedule { get; init; }

    /// <summary>The rate for a single process.</summary>
    [OptionName("LearningRate")]
    internal required double BaseLearningRate { get; init; }

    internal required double MinimumLearningRate { get; init; }

    [OptionName("DistributedLearningRate")]
    internal required LearningRateScaling RateScaling { get; init; }

    /// <summary>The factor of <see cref="BaseLearningRate"/> for the number of processes.</summary>
    [NotInIdentity("It follows from DistributedLearningRate and the number of processes, and a run may continue with a different number.")]
    internal required double RateFactor { get; init; }

    [NotInIdentity("It determines how many processes train. A run may continue with a different number of processes.")]
    internal required DistributedTraining Distributed { get; init; }

    internal required double WarmupEpochs { get; init; }

    internal required double WeightDecay { get; init; }

    internal required double LayerDecay { get; init; }

    [OptionName("HeadLearningRateFactor")]
    internal required double HeadRateFactor { get; init; }

    /// <summary>Whether a linear probe initializes a new head.</summary>
    [OptionName("InitializeHeadByProbe")]
    internal required bool ProbesHead { get; init; }

    internal required int FrozenBlocks { get; init; }

    /// <summary>0 for no moving average.</summary>
    internal required double EmaDecay { get; init; }

    internal required bool EmaWarmup { get; init; }

    internal required TrainingPrecision Precision { get; init; }

    internal required ClassWeighting ClassWeighting { get; init; }

    internal required IReadOnlyDictionary<string, float>? ClassWeights { get; init; }

    /// <summary>Null to choose it by cross-validation.</summary>
    internal required double? ProbePenalty { get; init; }

    [NotInIdentity("It measures the linear probe and does not change it.")]
    internal required bool LearningCurve { get; init; }

    internal required double LabelSmoothing { get; init; }

    internal required double ClipGradientNorm { get; init; }

    internal required TrainingAugmentations Augmentation { get; init; }

    /// <summary>Whether the user set the augmentation.</summary>
    [NotInIdentity("It only controls a warning. The augmentation itself is compared.")]
    internal required bool AugmentationIsChosen { get; init; }

    [NotInIdentity("Its rows are compared by content.")]
    internal required IDataView? ValidationSet { get; init; }

    /// <summary>0 with a <see cref="ValidationSet"/>.</summary>
    [OptionName("ValidationSetFraction")]
    internal required double ValidationFraction { get; init; }

    [OptionName("EarlyStoppingCriteria")]
    internal required VisionTransformerTrainer.EarlyStopping? EarlyStopping { get; init; }

    [NotInIdentity("It receives metrics of the training and does not change it.")]
    internal required Action<TrainingMetrics>? MetricsCallback { get; init; }

    [NotInIdentity("The temperature is fitted each time Fit ends, also for weights from the workspace.")]
    internal required bool Calibrate { get; init; }

    [NotInIdentity("A canceled run is not finished, whatever Fit returned for it.")]
    internal required CancellationHandling OnCancellation { get; init; }

    [NotInIdentity("It determines where images are kept. They are read back bit for bit.")]
    internal required long ImageMemoryLimit { get; init; }

    /// <summary>Null for a run that leaves no files.</summary>
    [NotInIdentity("It is the folder that holds the values to compare. A folder that was moved still works.")]
    internal required string? Workspace { get; init; }

    [NotInIdentity("It determines when checkpoints are written.")]
    internal required TimeSpan CheckpointInterval { get; init; }

    [NotInIdentity("It determines which log files are written.")]
    internal required TrainingLogs Logs { get; init; }

    [NotInIdentity("Devices differ only in rounding. A run may continue on another one.")]
    internal required string Device { get; init; }

    [NotInIdentity("It stops the run and does not change it.")]
    internal required CancellationToken CancellationToken { get; init; }

    /// <summary>Seed of all random streams of the run.</summary>
    [NotInIdentity("It is stored separately. An interrupted run keeps its seed, and a finished run is returned only for the same seed.")]
    internal required int Seed { get; init; }

    /// <summary>The rate after the warm-up.</summary>
    internal double LearningRate => BaseLearningRate * RateFactor;

    /// <summary>The folder for images beyond the memory limit.</summary>
    internal string SpillFolder => Workspace ?? Path.GetTempPath();

    /// <summary>Whether validation rows are split off the training rows.</summary>
    internal bool CutsValidation => ValidationFraction > 0;
}

/// <summary>The user-facing name of a property of the plan, if it differs from the property's own.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OptionNameAttribute(string name) : Attribute
{
    internal string Name => name;
}

/// <summary>Marks a property of the plan that the weights of a run do not depend on.</summary>
/// <param name="reason">Why, in a sentence.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotInIdentityAttribute(string reason) : Attribute
{
    internal string Reason => reason;
}

/// <summary>Purpose of a random stream: its second key, after the seed.</summary>
internal enum RandomPurpose
{
    /// <summary>The validation split; no further key.</summary>
    Split = 101,

    /// <summary>Order of the rows; further key: epoch.</summary>
    Order = 102,

    /// <summary>Augmentation; further keys: epoch, row.</summary>
    Augmentation = 103,

    /// <summary>Masks of dropout and stochastic depth; further key: step.</summary>
    Noise = 104,

    /// <summary>The folds of cross-validation; no further key.</summary>
    Folds = 105,

    /// <summary>Mixup and cutmix; further keys: epoch, batch of the epoch.</summary>
    Mixing = 106,
}
