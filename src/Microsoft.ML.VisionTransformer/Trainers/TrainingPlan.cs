// The checked settings of a training run, all that the rest of the room sees.
using Microsoft.ML.VisionTransformer.Transformers;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Immutable; each value was checked. <see cref="VisionTransformerTrainer.Options"/> documents them.</summary>
internal sealed record TrainingPlan
{
    internal required TrainingStrategy Strategy { get; init; }

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

    internal required double LearningRate { get; init; }

    internal required double MinimumLearningRate { get; init; }

    internal required double WarmupEpochs { get; init; }

    internal required double WeightDecay { get; init; }

    internal required double LayerDecay { get; init; }

    internal required double HeadRateFactor { get; init; }

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

    internal required long ImageMemoryLimit { get; init; }

    internal required string Workspace { get; init; }

    internal required string Device { get; init; }

    internal required CancellationToken CancellationToken { get; init; }

    /// <summary>All random numbers of the run are drawn from streams with this seed.</summary>
    internal required int Seed { get; init; }

    /// <summary>Whether validation rows are cut off the training rows.</summary>
    internal bool CutsValidation => ValidationSet is null && ValidationFraction > 0;
}
