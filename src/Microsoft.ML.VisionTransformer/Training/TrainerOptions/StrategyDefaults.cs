// The defaults of each training strategy, and the choice of a strategy if none is set.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Training.TrainerOptions;

/// <summary>
/// From scratch: DeiT (arXiv:2012.12877, table 9), with regularization that grows with the size of the data, as arXiv:2106.10270 (section 4)
/// recommends. Fine-tuning: AdamW with layer-wise decay as in BEiT (arXiv:2106.08254, appendix) and MAE (arXiv:2111.06377, table 9), with few epochs
/// and mild crops for small data sets. docs/training.md has the table.
/// </summary>
internal sealed record StrategyDefaults(
    int Epochs,
    int BatchSize,
    float LearningRate,
    float MinimumLearningRate,
    float LayerDecay,
    float HeadRateFactor,
    float RandomCropMinimumArea,
    float DropPathRate,
    float EmaDecay,
    TrainingAugmentations Augmentation)
{
    /// <summary>The fraction of the training rows that is kept for validation.</summary>
    internal const float ValidationFraction = 0.1f;

    private const int ImagesPerClassToFineTune = 10, MediumSet = 10_000, LargeSet = 100_000;

    private static readonly StrategyDefaults _fromScratch = new(
        Epochs: 50, BatchSize: 32, LearningRate: 5e-4f, MinimumLearningRate: 1e-5f, LayerDecay: 1, HeadRateFactor: 1, RandomCropMinimumArea: 0.08f, DropPathRate: 0, EmaDecay: 0,
        new TrainingAugmentations());

    private static readonly StrategyDefaults _fineTune = new(
        Epochs: 8, BatchSize: 16, LearningRate: 1e-4f, MinimumLearningRate: 1e-6f, LayerDecay: 0.75f, HeadRateFactor: 10, RandomCropMinimumArea: 0.5f, DropPathRate: 0.1f, EmaDecay: 0,
        TrainingAugmentations.Light);

    /// <summary>
    /// Epochs are steps of the optimizer over features; the batch size applies to the single pass over the images, the other values are not used.
    /// </summary>
    private static readonly StrategyDefaults _linearProbe = _fineTune with { Epochs = 100, Augmentation = TrainingAugmentations.None };

    /// <summary>The defaults of a strategy.</summary>
    /// <param name="strategy">The strategy.</param>
    /// <param name="images">Number of training images.</param>
    internal static StrategyDefaults Of(TrainingStrategy strategy, int images) => strategy switch
    {
        TrainingStrategy.FromScratch => FromScratch(images),
        TrainingStrategy.LinearProbe => _linearProbe,
        _ => _fineTune,
    };

    /// <summary>The strategy, and the reason for it. If none is set, an option that only one strategy uses selects that strategy.</summary>
    /// <param name="options">The options, checked.</param>
    /// <param name="data">The data; null if unknown, which counts as enough to fine-tune.</param>
    internal static (TrainingStrategy Strategy, string Reason) Choose(VisionTransformerTrainer.Options options, TrainingDataSummary? data)
    {
        if (options.Strategy is { } chosen)
            return (chosen, "as set");
        if (options.PretrainedModel is null)
            return (TrainingStrategy.FromScratch, "no PretrainedModel is set");
        if (OptionChecks.SetForFineTuning(options) is { } option)
            return (TrainingStrategy.FineTune, $"PretrainedModel and {option} are set");
        if (options.ProbePenalty is not null)
            return (TrainingStrategy.LinearProbe, "PretrainedModel and ProbePenalty are set");
        return data is not null && data.Images < (long)ImagesPerClassToFineTune * data.ClassNames.Count
            ? (TrainingStrategy.LinearProbe, string.Create(CultureInfo.InvariantCulture, $"fewer than {ImagesPerClassToFineTune} images per class"))
            : (TrainingStrategy.FineTune, string.Create(CultureInfo.InvariantCulture, $"PretrainedModel and at least {ImagesPerClassToFineTune} images per class"));
    }

    /// <summary>
    /// Advice against training from scratch on few images, unless the user set that strategy; null for none. The total counts, not that of each class:
    /// what a network must learn about images in general it learns from all of them. arXiv:2106.10270 (section 4.2) recommends a pretrained model for
    /// data sets of this size.
    /// </summary>
    /// <param name="options">The options, checked.</param>
    /// <param name="images">Number of training images.</param>
    internal static string? Advice(VisionTransformerTrainer.Options options, int images) => options.Strategy is not null || options.PretrainedModel is not null || images >= MediumSet
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"Training from scratch on {images} images: a Vision Transformer needs far more images than that. Set PretrainedModel, for example to \"vit-tiny\", to start from a pretrained network; it is usually faster and more accurate. To train from scratch without this warning, set Strategy to FromScratch.");

    /// <summary>The augmentation of the strategy.</summary>
    /// <param name="minimumArea">The user's smallest fraction of an image's area that a crop keeps; null for the default.</param>
    internal TrainingAugmentations AugmentationWith(float? minimumArea) => Augmentation with { CropMinimumArea = minimumArea ?? RandomCropMinimumArea };

    /// <summary>A tenth of the epochs, at most 5; with pretrained weights 1, or half of the epochs if there are fewer than 2.</summary>
    internal float WarmupEpochs(int epochs) => LayerDecay == 1 ? Math.Min(5, epochs / 10f) : Math.Min(1, epochs / 2f);

    /// <summary>Crop and flip below 10,000 images; RandAugment and erasing from 10,000; all of DeiT, including stochastic depth, from 100,000.</summary>
    private static StrategyDefaults FromScratch(int images) => images switch
    {
        < MediumSet => _fromScratch,
        < LargeSet => _fromScratch with { Augmentation = TrainingAugmentations.DeiT with { MixupAlpha = 0, CutmixAlpha = 0 } },
        _ => _fromScratch with { Augmentation = TrainingAugmentations.DeiT, DropPathRate = 0.1f },
    };
}

/// <summary>The properties of the data that defaults and the network's head depend on.</summary>
/// <param name="Images">Training images, before validation rows are split off.</param>
/// <param name="ClassNames">The classes of the label, in the order of the key.</param>
/// <param name="Processes">Number of processes that train together.</param>
internal sealed record TrainingDataSummary(int Images, IReadOnlyList<string> ClassNames, int Processes = 1);
