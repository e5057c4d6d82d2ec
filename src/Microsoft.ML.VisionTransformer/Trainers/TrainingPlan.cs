// The checked settings of a training run, all that the rest of the room sees.
using Microsoft.ML.VisionTransformer.Transformers;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Immutable; each value was checked. <see cref="VisionTransformerTrainer.Options"/> documents them.</summary>
internal sealed record TrainingPlan
{
    internal required TrainingStrategy Strategy { get; init; }

    /// <summary>Why this strategy, for the log.</summary>
    internal required string StrategyReason { get; init; }

    /// <summary>A path or hub id; null from scratch.</summary>
    internal required string? Pretrained { get; init; }

    internal required string Label { get; init; }

    internal required string? ExampleWeight { get; init; }

    internal required ColumnNames Columns { get; init; }

    internal required InvalidImageHandling OnInvalidImage { get; init; }

    internal required VisionTransformerArchitecture Architecture { get; init; }

    internal required ImagePreprocessing Preprocessing { get; init; }

    internal required int Epochs { get; init; }

    internal required int BatchSize { get; init; }

    internal required int GradientAccumulation { get; init; }

    internal required TrainingOptimizer Optimizer { get; init; }

    internal required double Momentum { get; init; }

    internal required double Beta2 { get; init; }

    internal required bool Nesterov { get; init; }

    internal required TrainingSchedule Schedule { get; init; }

    internal required double LearningRate { get; init; }

    internal required double MinimumLearningRate { get; init; }

    internal required LearningRateScaling RateScaling { get; init; }

    internal required DistributedTraining Distributed { get; init; }

    internal required double WarmupEpochs { get; init; }

    internal required double WeightDecay { get; init; }

    internal required double LayerDecay { get; init; }

    internal required double HeadRateFactor { get; init; }

    /// <summary>Whether a linear probe gives a new head its first weights.</summary>
    internal required bool ProbesHead { get; init; }

    internal required int FrozenBlocks { get; init; }

    /// <summary>0: no average is kept.</summary>
    internal required double EmaDecay { get; init; }

    internal required bool EmaWarmup { get; init; }

    internal required TrainingPrecision Precision { get; init; }

    internal required ClassWeighting ClassWeighting { get; init; }

    internal required IReadOnlyDictionary<string, float>? ClassWeights { get; init; }

    /// <summary>Null: chosen by cross-validation.</summary>
    internal required double? ProbePenalty { get; init; }

    internal required double LabelSmoothing { get; init; }

    internal required double ClipGradientNorm { get; init; }

    internal required TrainingAugmentations Augmentation { get; init; }

    /// <summary>Whether the user set the augmentation, and not the defaults.</summary>
    internal required bool AugmentationIsChosen { get; init; }

    internal required IDataView? ValidationSet { get; init; }

    internal required double ValidationFraction { get; init; }

    internal required VisionTransformerTrainer.EarlyStopping? EarlyStopping { get; init; }

    internal required Action<TrainingMetrics>? MetricsCallback { get; init; }

    internal required bool Calibrate { get; init; }

    internal required CancellationHandling OnCancellation { get; init; }

    internal required long ImageMemoryLimit { get; init; }

    /// <summary>Null: the run leaves no files.</summary>
    internal required string? Workspace { get; init; }

    internal required TimeSpan CheckpointInterval { get; init; }

    internal required TrainingLogs Logs { get; init; }

    internal required string Device { get; init; }

    internal required CancellationToken CancellationToken { get; init; }

    /// <summary>All random numbers of the run are drawn from streams with this seed.</summary>
    internal required int Seed { get; init; }

    /// <summary>Where images beyond the memory limit go.</summary>
    internal string SpillFolder => Workspace ?? Path.GetTempPath();

    /// <summary>Whether validation rows are cut off the training rows.</summary>
    internal bool CutsValidation => ValidationSet is null && ValidationFraction > 0;
}
