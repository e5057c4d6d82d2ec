// The settings of a training after parsing.
namespace Microsoft.ML.VisionTransformer.Cli.Settings;

internal sealed class TrainRequest
{
    internal const float DefaultTestFraction = 0.2f;

    internal const int DefaultSeed = 0;

    internal string? Data { get; set; }

    internal string? Out { get; set; }

    internal string? TestData { get; set; }

    /// <summary>Null means the default, if there is no separate test data.</summary>
    internal float? TestFraction { get; set; }

    internal int Seed { get; set; } = DefaultSeed;

    internal string? Report { get; set; }

    internal bool NoReport { get; set; }

    /// <summary>The trainer's options, except those that are built from the properties below.</summary>
    internal VisionTransformerTrainer.Options Options { get; } = new();

    /// <summary>Null means that of the pretrained model, or the trainer's default.</summary>
    internal VisionTransformerArchitecture? Architecture { get; set; }

    internal List<Func<VisionTransformerArchitecture, VisionTransformerArchitecture>> ArchitectureChanges { get; } = [];

    internal List<Func<ImagePreprocessing, ImagePreprocessing>> PreprocessingChanges { get; } = [];

    internal List<Func<TrainingAugmentations, TrainingAugmentations>> AugmentationChanges { get; } = [];

    /// <summary>
    /// Crop and flip as changes of the augmentation. They apply if there are other changes: the trainer then takes them from its augmentation.
    /// </summary>
    internal List<Func<TrainingAugmentations, TrainingAugmentations>> CropAndFlipChanges { get; } = [];

    /// <summary>Whether no pretrained weights are used.</summary>
    internal bool TrainsFromScratch => Options.PretrainedModel is null || Options.Strategy == TrainingStrategy.FromScratch;

    /// <summary>Null measures the learning curve if there is a report and a linear probe runs anyway: then it costs seconds.</summary>
    internal bool? LearningCurve { get; set; }

    internal int? EarlyStoppingPatience { get; set; }

    internal float? EarlyStoppingMinDelta { get; set; }

    internal VisionTransformerTrainer.EarlyStoppingMetric? EarlyStoppingMetric { get; set; }
}
