// The rows of the sheet: each augmentation alone, then the presets.
using Microsoft.ML.VisionTransformer;

namespace AugmentationSheet;

internal static class SheetRows
{
    private static readonly TrainingAugmentations _none = TrainingAugmentations.None;

    /// <summary>Some ranges are wider than in the presets, to make the effect visible.</summary>
    internal static IReadOnlyList<(string Name, TrainingAugmentations Augmentations)> All { get; } =
    [
        ("as for prediction", _none),
        ("random crop", _none with { RandomCrop = true }),
        ("horizontal and vertical flip", _none with { HorizontalFlipProbability = 0.5, VerticalFlipProbability = 0.5 }),
        ("brightness jitter 0.4", _none with { BrightnessJitter = 0.4 }),
        ("contrast jitter 0.8", _none with { ContrastJitter = 0.8 }),
        ("saturation jitter 1", _none with { SaturationJitter = 1 }),
        ("hue jitter 0.5", _none with { HueJitter = 0.5 }),
        ("RandAugment, 2 operations of strength 9", _none with { Policy = AugmentationPolicy.RandAugment, RandAugmentProbability = 1 }),
        ("TrivialAugmentWide", _none with { Policy = AugmentationPolicy.TrivialAugmentWide }),
        ("three-augment", _none with { Policy = AugmentationPolicy.ThreeAugment }),
        ("random erasing with the mean color", _none with { ErasingProbability = 1, ErasingFill = ErasingFill.Mean }),
        ("random erasing with a random color", _none with { ErasingProbability = 1, ErasingFill = ErasingFill.Color }),
        ("random erasing with noise, up to 3 rectangles", _none with { ErasingProbability = 1, ErasingCount = 3 }),
        ("mixup 0.8", _none with { MixupAlpha = 0.8 }),
        ("cutmix 1", _none with { CutmixAlpha = 1 }),
        ("preset Light", TrainingAugmentations.Light),
        ("preset DeiT", TrainingAugmentations.DeiT),
        ("preset ThreeAugment", TrainingAugmentations.ThreeAugment),
    ];
}
