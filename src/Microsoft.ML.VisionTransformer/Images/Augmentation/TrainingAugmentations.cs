// The settings of training augmentations.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// How training varies images, in this order: random crop, flips, <see cref="Policy"/>, color jitter, normalization, random erasing, and mixup or
/// cutmix of the whole batch. Operations are defined as in timm with Pillow unless stated otherwise. By default only the crop and the horizontal flip
/// are applied.
/// </summary>
/// <remarks>
/// The augmentation of a row depends only on the seed, the epoch and the row; mixing depends on the seed, the epoch and the position in the epoch's
/// order. Pixels that the user prepared (a column of Single) are flipped, erased and mixed; crop, policy and jitter require images.
/// </remarks>
public sealed record TrainingAugmentations
{
    /// <summary>
    /// Maximum operations or rectangles per image. Published recipes have 1 to 3. Cancellation is checked between images only, so the work on one
    /// image has to be bounded.
    /// </summary>
    private const int MaxRepetitions = 100;

    /// <summary>No augmentation: the images that evaluation uses, the same in every epoch.</summary>
    public static TrainingAugmentations None { get; } = new() { RandomCrop = false, HorizontalFlipProbability = 0 };

    /// <summary>
    /// A crop of at least half the area (the default of fine-tuning), flip and TrivialAugment (arXiv:2103.10158), which has no parameters to tune;
    /// labels are not mixed. Intended for fine-tuning and short runs.
    /// </summary>
    public static TrainingAugmentations Light { get; } = new() { CropMinimumArea = 0.5, Policy = AugmentationPolicy.TrivialAugmentWide };

    /// <summary>
    /// DeiT's recipe for hundreds of epochs from scratch (arXiv:2012.12877): RandAugment 9 with standard deviation 0.5, erasing 0.25 with noise,
    /// mixup 0.8 and cutmix 1 with equal probability.
    /// </summary>
    public static TrainingAugmentations DeiT { get; } = new()
    {
        Policy = AugmentationPolicy.RandAugment,
        ErasingProbability = 0.25,
        MixupAlpha = 0.8,
        CutmixAlpha = 1,
    };

    /// <summary>
    /// DeiT-3's recipe for long runs from scratch (arXiv:2204.07118): three-augment, color jitter 0.3, mixup 0.8 and cutmix 1 with equal
    /// probability, no erasing.
    /// </summary>
    public static TrainingAugmentations ThreeAugment { get; } = new()
    {
        Policy = AugmentationPolicy.ThreeAugment,
        BrightnessJitter = 0.3,
        ContrastJitter = 0.3,
        SaturationJitter = 0.3,
        MixupAlpha = 0.8,
        CutmixAlpha = 1,
    };

    /// <summary>
    /// Whether a random part of the image is resized to the network's size (arXiv:1409.4842, section 6); false resizes and crops as in prediction.
    /// Default true.
    /// </summary>
    public bool RandomCrop { get; init; } = true;

    /// <summary>Minimum fraction of the image's area that a crop keeps, in (0, 1]. Default 0.08.</summary>
    public double CropMinimumArea { get; init; } = 0.08;

    /// <summary>Maximum fraction of the image's area that a crop keeps, in [<see cref="CropMinimumArea"/>, 1]. Default 1.</summary>
    public double CropMaximumArea { get; init; } = 1;

    /// <summary>Minimum ratio of a crop's width to its height, in (0, 1]; the maximum is its inverse. Default 3/4.</summary>
    public double CropMinimumRatio { get; init; } = 3.0 / 4;

    /// <summary>Probability of swapping left and right. Default 0.5.</summary>
    public double HorizontalFlipProbability { get; init; } = 0.5;

    /// <summary>Probability of swapping top and bottom. Default 0.</summary>
    public double VerticalFlipProbability { get; init; }

    /// <summary>The set of random operations. Default <see cref="AugmentationPolicy.None"/>.</summary>
    public AugmentationPolicy Policy { get; init; }

    /// <summary>Operations of <see cref="AugmentationPolicy.RandAugment"/> per image, timm's n, from 1 to 100. Default 2.</summary>
    public int RandAugmentOperations { get; init; } = 2;

    /// <summary>Mean strength of <see cref="AugmentationPolicy.RandAugment"/>, timm's m, in [0, 10]. Default 9 (DeiT, and timm's own recipes).</summary>
    public double RandAugmentMagnitude { get; init; } = 9;

    /// <summary>Standard deviation of that strength, timm's mstd, at least 0. Default 0.5 (DeiT, and timm's own recipes).</summary>
    public double RandAugmentMagnitudeDeviation { get; init; } = 0.5;

    /// <summary>Probability that a drawn operation of <see cref="AugmentationPolicy.RandAugment"/> is applied, timm's p. Default 0.5.</summary>
    public double RandAugmentProbability { get; init; } = 0.5;

    /// <summary>Brightness is multiplied by a random factor in 1 +- this value. At least 0. Default 0: none. timm's jitter without a policy is 0.4.</summary>
    public double BrightnessJitter { get; init; }

    /// <summary>The distance of each value to the mean gray is multiplied by a random factor in 1 +- this value. At least 0. Default 0: none.</summary>
    public double ContrastJitter { get; init; }

    /// <summary>The distance of each color to its gray is multiplied by a random factor in 1 +- this value. At least 0. Default 0: none.</summary>
    public double SaturationJitter { get; init; }

    /// <summary>The hue is rotated by at most this fraction of the color wheel, in [0, 0.5]. Default 0: none.</summary>
    public double HueJitter { get; init; }

    /// <summary>Probability that rectangles of an image are overwritten (arXiv:1708.04896). Default 0.</summary>
    public double ErasingProbability { get; init; }

    /// <summary>The values written into a rectangle. Default <see cref="ErasingFill.Noise"/> (timm's and DeiT's <c>pixel</c>).</summary>
    public ErasingFill ErasingFill { get; init; } = ErasingFill.Noise;

    /// <summary>Minimum fraction of the area that is erased, in [0, 1). Default 0.02.</summary>
    public double ErasingMinimumArea { get; init; } = 0.02;

    /// <summary>Maximum fraction of the area that is erased, in [<see cref="ErasingMinimumArea"/>, 1). Default 1/3.</summary>
    public double ErasingMaximumArea { get; init; } = 1.0 / 3;

    /// <summary>Minimum ratio of a rectangle's height to its width, in (0, 1]; the maximum is its inverse. Default 0.3.</summary>
    public double ErasingMinimumRatio { get; init; } = 0.3;

    /// <summary>Maximum rectangles per image, from 1 to 100; with n rectangles each has 1/n of the area. Default 1.</summary>
    public int ErasingCount { get; init; } = 1;

    /// <summary>Mixup's Beta parameter (arXiv:1710.09412), at least 0. Default 0: no mixup. DeiT uses 0.8.</summary>
    public double MixupAlpha { get; init; }

    /// <summary>Cutmix's Beta parameter (arXiv:1905.04899), at least 0. Default 0: no cutmix. DeiT uses 1.</summary>
    public double CutmixAlpha { get; init; }

    /// <summary>Probability that a batch is mixed, if an alpha is above 0. Default 1.</summary>
    public double MixProbability { get; init; } = 1;

    /// <summary>Probability of cutmix in place of mixup, if both alphas are above 0: timm's <c>switch_prob</c>. Default 0.5.</summary>
    public double CutmixProbability { get; init; } = 0.5;

    /// <summary>Whether batches are mixed, which makes labels soft.</summary>
    internal bool Mixes => (MixupAlpha > 0 || CutmixAlpha > 0) && MixProbability > 0;

    /// <summary>Whether a setting requires images and cannot be applied to pixels that the user prepared.</summary>
    internal bool NeedsImages => RandomCrop || Policy != AugmentationPolicy.None || !new ColorJitter(this).ChangesNothing;

    /// <summary>
    /// Draws a contact sheet of the images as training would pass them to the network, with normalization undone. The images form one batch, so two
    /// or more are mixed with each other if <see cref="MixupAlpha"/> or <see cref="CutmixAlpha"/> is set; a single image is mixed with itself, which
    /// shows no effect.
    /// </summary>
    /// <param name="images">Encoded images (the content of JPEG, PNG, ... files), one row of the sheet each.</param>
    /// <param name="preprocessing">Size, kernel and normalization, as for training.</param>
    /// <param name="epochs">Columns of the sheet: epochs 1, 2, ...</param>
    /// <param name="seed">Seed of the random augmentations.</param>
    /// <returns>The sheet as a PNG file.</returns>
    /// <exception cref="ArgumentException">A value is not allowed.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    public byte[] Preview(IReadOnlyList<byte[]> images, ImagePreprocessing preprocessing, int epochs = 8, int seed = 0) =>
        new AugmentationPreview(this, Guard.NotNull(preprocessing)).Draw(Guard.NotNull(images), Guard.AtLeast(epochs, 1), seed);

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    internal TrainingAugmentations Check()
    {
        AtMost(Guard.Above(CropMinimumArea, 0), 1, nameof(CropMinimumArea));
        AtMost(Guard.AtLeast(CropMaximumArea, CropMinimumArea), 1, nameof(CropMaximumArea));
        AtMost(Guard.Above(CropMinimumRatio, 0), 1, nameof(CropMinimumRatio));
        AtMost(Guard.AtLeast(HorizontalFlipProbability, 0), 1, nameof(HorizontalFlipProbability));
        AtMost(Guard.AtLeast(VerticalFlipProbability, 0), 1, nameof(VerticalFlipProbability));
        Guard.Defined(Policy);
        Guard.InRange(RandAugmentOperations, 1, MaxRepetitions + 1);
        AtMost(Guard.AtLeast(RandAugmentMagnitude, 0), RandAugment.Top, nameof(RandAugmentMagnitude));
        Guard.InRange(RandAugmentMagnitudeDeviation, 0, double.PositiveInfinity);
        AtMost(Guard.AtLeast(RandAugmentProbability, 0), 1, nameof(RandAugmentProbability));
        Guard.InRange(BrightnessJitter, 0, double.PositiveInfinity);
        Guard.InRange(ContrastJitter, 0, double.PositiveInfinity);
        Guard.InRange(SaturationJitter, 0, double.PositiveInfinity);
        AtMost(Guard.AtLeast(HueJitter, 0), 0.5, nameof(HueJitter));
        CheckErasing();
        Guard.InRange(MixupAlpha, 0, double.PositiveInfinity);
        Guard.InRange(CutmixAlpha, 0, double.PositiveInfinity);
        AtMost(Guard.AtLeast(MixProbability, 0), 1, nameof(MixProbability));
        AtMost(Guard.AtLeast(CutmixProbability, 0), 1, nameof(CutmixProbability));
        return this;
    }

    private void CheckErasing()
    {
        AtMost(Guard.AtLeast(ErasingProbability, 0), 1, nameof(ErasingProbability));
        Guard.Defined(ErasingFill);
        Guard.InRange(ErasingMinimumArea, 0, 1);
        Guard.InRange(ErasingMaximumArea, ErasingMinimumArea, 1);
        AtMost(Guard.Above(ErasingMinimumRatio, 0), 1, nameof(ErasingMinimumRatio));
        Guard.InRange(ErasingCount, 1, MaxRepetitions + 1);
    }

    private static void AtMost(double value, double maximum, string name)
    {
        if (!(value <= maximum))
            throw new ArgumentOutOfRangeException(name, value, FormattableString.Invariant($"{name} is {value}; it must be at most {maximum}."));
    }
}

/// <summary>A set of random operations on the pixels of a cropped image.</summary>
public enum AugmentationPolicy
{
    /// <summary>None.</summary>
    None,

    /// <summary>A few operations of a chosen strength (arXiv:1909.13719), with timm's <c>inc1</c> operations.</summary>
    RandAugment,

    /// <summary>One operation of a random strength (arXiv:2103.10158), as torchvision's <c>TrivialAugmentWide</c>.</summary>
    TrivialAugmentWide,

    /// <summary>One of grayscale, solarize and Gaussian blur (DeiT-3, arXiv:2204.07118).</summary>
    ThreeAugment,
}

/// <summary>The values that random erasing writes into a rectangle of the normalized image.</summary>
public enum ErasingFill
{
    /// <summary>Zeros: the mean color (timm's <c>const</c>).</summary>
    Mean,

    /// <summary>One random color, standard normal in each channel (timm's <c>rand</c>).</summary>
    Color,

    /// <summary>Standard normal noise in each pixel and channel (timm's <c>pixel</c>).</summary>
    Noise,
}
