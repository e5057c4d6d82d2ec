// What a training is asked to do, as the settings say it.
namespace Microsoft.ML.VisionTransformer.Cli.Settings;

internal sealed class TrainRequest
{
    internal const float DefaultTestFraction = 0.2f;

    internal string? Data { get; set; }

    internal string? Out { get; set; }

    internal string? TestData { get; set; }

    /// <summary>Null: the default where there is no test data of its own.</summary>
    internal float? TestFraction { get; set; }

    internal int Seed { get; set; }

    internal string? Report { get; set; }

    internal bool NoReport { get; set; }

    /// <summary>The trainer's options, those aside that are made from the properties below.</summary>
    internal VisionTransformerTrainer.Options Options { get; } = new();

    /// <summary>Null: the pretrained model's, or the trainer's own.</summary>
    internal VisionTransformerArchitecture? Architecture { get; set; }

    internal List<Func<VisionTransformerArchitecture, VisionTransformerArchitecture>> ArchitectureChanges { get; } = [];

    internal List<Func<ImagePreprocessing, ImagePreprocessing>> PreprocessingChanges { get; } = [];

    internal List<Func<TrainingAugmentations, TrainingAugmentations>> AugmentationChanges { get; } = [];

    /// <summary>Crop and flip as changes, for when there are other changes: the trainer then has them in its augmentation, and not as options of their own.</summary>
    internal List<Func<TrainingAugmentations, TrainingAugmentations>> CropAndFlipChanges { get; } = [];

    internal int? EarlyStoppingPatience { get; set; }

    internal float? EarlyStoppingMinDelta { get; set; }

    internal VisionTransformerTrainer.EarlyStoppingMetric? EarlyStoppingMetric { get; set; }
}
