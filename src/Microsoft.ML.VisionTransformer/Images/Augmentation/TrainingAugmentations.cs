// The settings of training augmentations.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// How training changes images at random. The order is: random crop, flips, <see cref="Policy"/>, color jitter,
/// normalization, random erasing, and then mixup or cutmix of the whole batch. Operations are defined as in timm with
/// Pillow unless stated otherwise. By default, only the crop and the horizontal flip are on.
/// </summary>
/// <remarks>
/// The augmentation of a row depends only on the seed, the epoch and the row. Mixing depends on the seed, the epoch and
/// the position in the order of the epoch. Pixels that you prepare yourself (a column of Single) are flipped, erased
/// and mixed. Crop, policy and jitter need images.
/// </remarks>
/// <example>
/// Look at the sheet that <c>Preview</c> draws before you train with new settings.
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// var augmentation = TrainingAugmentations.Light with
/// {
///     Policy = AugmentationPolicy.RandAugment,
///     RandAugmentMagnitude = 7,
///     ErasingProbability = 0.25,
///     ErasingFill = ErasingFill.Color,
/// };
/// var preset = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 96 };
/// byte[][] photos = [.. Directory.EnumerateFiles("flowers/roses").Order().Take(3).Select(File.ReadAllBytes)];
/// byte[] sheet = augmentation.Preview(photos, ImagePreprocessing.For(preset), epochs: 6);
/// File.WriteAllBytes("augmentations.png", sheet);
///
/// var options = new VisionTransformerTrainer.Options { Augmentation = augmentation };
/// </code>
/// </example>
public sealed record TrainingAugmentations
{
    /// <summary>
    /// Maximum operations or rectangles per image. Published recipes have 1 to 3. Cancellation is checked between images only, so the work on one
    /// image has to be bounded.
    /// </summary>
    private const int MaxRepetitions = 100;

    /// <summary>No augmentation. Training uses the same images as evaluation in every epoch.</summary>
    public static TrainingAugmentations None { get; } = new() { RandomCrop = false, HorizontalFlipProbability = 0 };

    /// <summary>
    /// A crop of at least half the area (the default of fine-tuning), the horizontal flip, and TrivialAugment
    /// (arXiv:2103.10158), which has no parameters to tune. Labels are not mixed. Use it for fine-tuning and short
    /// runs.
    /// </summary>
    public static TrainingAugmentations Light { get; } = new() { CropMinimumArea = 0.5, Policy = AugmentationPolicy.TrivialAugmentWide };

    /// <summary>
    /// DeiT's recipe for hundreds of epochs from scratch (arXiv:2012.12877). It uses RandAugment 9 with standard
    /// deviation 0.5, and erasing with noise at a probability of 0.25. Mixup 0.8 and cutmix 1 have equal probability.
    /// </summary>
    public static TrainingAugmentations DeiT { get; } = new()
    {
        Policy = AugmentationPolicy.RandAugment,
        ErasingProbability = 0.25,
        MixupAlpha = 0.8,
        CutmixAlpha = 1,
    };

    /// <summary>
    /// DeiT-3's recipe for long runs from scratch (arXiv:2204.07118). It uses three-augment and color jitter 0.3, and
    /// no erasing. Mixup 0.8 and cutmix 1 have equal probability.
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
    /// Whether a random part of the image is resized to the input size of the network (arXiv:1409.4842, section 6). If
    /// false, images are resized and cropped as in prediction. Default true.
    /// </summary>
    public bool RandomCrop { get; init; } = true;

    /// <summary>Minimum fraction of the image's area that a crop keeps, in (0, 1]. Default 0.08.</summary>
    public double CropMinimumArea { get; init; } = 0.08;

    /// <summary>Maximum fraction of the image's area that a crop keeps, in [<see cref="CropMinimumArea"/>, 1]. Default 1.</summary>
    public double CropMaximumArea { get; init; } = 1;

    /// <summary>
    /// Minimum ratio of width to height of a crop, in (0, 1]. The maximum is its inverse. Default 3/4.
    /// </summary>
    public double CropMinimumRatio { get; init; } = 3.0 / 4;

    /// <summary>Probability that left and right are swapped. Default 0.5.</summary>
    public double HorizontalFlipProbability { get; init; } = 0.5;

    /// <summary>Probability that top and bottom are swapped. Default 0.</summary>
    public double VerticalFlipProbability { get; init; }

    /// <summary>The set of random operations. Default <see cref="AugmentationPolicy.None"/>.</summary>
    public AugmentationPolicy Policy { get; init; }

    /// <summary>
    /// Number of operations of <see cref="AugmentationPolicy.RandAugment"/> per image, from 1 to 100 (timm's n).
    /// Default 2.
    /// </summary>
    public int RandAugmentOperations { get; init; } = 2;

    /// <summary>
    /// Mean strength of <see cref="AugmentationPolicy.RandAugment"/>, in [0, 10] (timm's m). Default 9, as in DeiT and
    /// timm's own recipes.
    /// </summary>
    public double RandAugmentMagnitude { get; init; } = 9;

    /// <summary>
    /// Standard deviation of that strength, at least 0 (timm's mstd). Default 0.5, as in DeiT and timm's own recipes.
    /// </summary>
    public double RandAugmentMagnitudeDeviation { get; init; } = 0.5;

    /// <summary>
    /// Probability that a drawn operation of <see cref="AugmentationPolicy.RandAugment"/> is applied (timm's p).
    /// Default 0.5.
    /// </summary>
    public double RandAugmentProbability { get; init; } = 0.5;

    /// <summary>
    /// Brightness is multiplied by a random factor in [1 - b, 1 + b], where b is this value, at least 0. Default 0: no
    /// jitter. Without a policy, timm's default is 0.4.
    /// </summary>
    public double BrightnessJitter { get; init; }

    /// <summary>
    /// The distance of each value to the mean gray is multiplied by a random factor in [1 - c, 1 + c], where c is this
    /// value, at least 0. Default 0: no jitter.
    /// </summary>
    public double ContrastJitter { get; init; }

    /// <summary>
    /// The distance of each color to its gray is multiplied by a random factor in [1 - s, 1 + s], where s is this
    /// value, at least 0. Default 0: no jitter.
    /// </summary>
    public double SaturationJitter { get; init; }

    /// <summary>
    /// The hue is rotated by at most this fraction of the color wheel, in [0, 0.5]. Default 0: no jitter.
    /// </summary>
    public double HueJitter { get; init; }

    /// <summary>Probability that rectangles of an image are overwritten (arXiv:1708.04896). Default 0.</summary>
    public double ErasingProbability { get; init; }

    /// <summary>
    /// The values that are written into a rectangle. Default <see cref="VisionTransformer.ErasingFill.Noise"/>
    /// (<c>pixel</c> in timm and DeiT).
    /// </summary>
    public ErasingFill ErasingFill { get; init; } = ErasingFill.Noise;

    /// <summary>Minimum fraction of the area that is erased, in [0, 1). Default 0.02.</summary>
    public double ErasingMinimumArea { get; init; } = 0.02;

    /// <summary>Maximum fraction of the area that is erased, in [<see cref="ErasingMinimumArea"/>, 1). Default 1/3.</summary>
    public double ErasingMaximumArea { get; init; } = 1.0 / 3;

    /// <summary>
    /// Minimum ratio of height to width of a rectangle, in (0, 1]. The maximum is its inverse. Default 0.3.
    /// </summary>
    public double ErasingMinimumRatio { get; init; } = 0.3;

    /// <summary>
    /// Maximum number of rectangles per image, from 1 to 100. With n rectangles, each has 1/n of the area. Default 1.
    /// </summary>
    public int ErasingCount { get; init; } = 1;

    /// <summary>
    /// Parameter of the Beta distribution of mixup (arXiv:1710.09412), at least 0. Default 0: no mixup. DeiT uses 0.8.
    /// </summary>
    public double MixupAlpha { get; init; }

    /// <summary>
    /// Parameter of the Beta distribution of cutmix (arXiv:1905.04899), at least 0. Default 0: no cutmix. DeiT uses 1.
    /// </summary>
    public double CutmixAlpha { get; init; }

    /// <summary>
    /// Probability that a batch is mixed if <see cref="MixupAlpha"/> or <see cref="CutmixAlpha"/> is above 0. Default
    /// 1.
    /// </summary>
    public double MixProbability { get; init; } = 1;

    /// <summary>
    /// Probability of cutmix instead of mixup if both <see cref="MixupAlpha"/> and <see cref="CutmixAlpha"/> are above
    /// 0 (timm's <c>switch_prob</c>). Default 0.5.
    /// </summary>
    public double CutmixProbability { get; init; } = 0.5;

    /// <summary>Whether batches are mixed, which makes labels soft.</summary>
    internal bool Mixes => (MixupAlpha > 0 || CutmixAlpha > 0) && MixProbability > 0;

    /// <summary>Whether a setting requires images and cannot be applied to pixels that the user prepared.</summary>
    internal bool NeedsImages => RandomCrop || Policy != AugmentationPolicy.None || !new ColorJitter(this).ChangesNothing;

    /// <summary>
    /// Draws a contact sheet of the images as training would pass them to the network, with the normalization undone.
    /// The images form one batch. If <see cref="MixupAlpha"/> or <see cref="CutmixAlpha"/> is set, two or more images
    /// are mixed with each other. A single image is mixed with itself, which has no effect.
    /// </summary>
    /// <param name="images">
    /// Encoded images (the contents of JPEG, PNG and other files). Each one is a row of the sheet.
    /// </param>
    /// <param name="preprocessing">Size, kernel and normalization, as for training.</param>
    /// <param name="epochs">Number of columns of the sheet, one for each of the first epochs.</param>
    /// <param name="seed">The seed of the random changes.</param>
    /// <returns>The sheet, as the contents of a PNG file.</returns>
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
/// <seealso cref="TrainingAugmentations"/>
public enum AugmentationPolicy
{
    /// <summary>No operations.</summary>
    None,

    /// <summary>A few operations of a chosen strength (arXiv:1909.13719), from timm's set <c>inc1</c>.</summary>
    RandAugment,

    /// <summary>
    /// One operation of a random strength (arXiv:2103.10158), as in torchvision's <c>TrivialAugmentWide</c>.
    /// </summary>
    TrivialAugmentWide,

    /// <summary>Grayscale, solarize or Gaussian blur, chosen at random (DeiT-3, arXiv:2204.07118).</summary>
    ThreeAugment,
}

/// <summary>The values that random erasing writes into a rectangle of the normalized image.</summary>
/// <seealso cref="TrainingAugmentations"/>
public enum ErasingFill
{
    /// <summary>Zeros, which is the mean color (timm's <c>const</c>).</summary>
    Mean,

    /// <summary>One random color: a standard normal value for each channel (timm's <c>rand</c>).</summary>
    Color,

    /// <summary>Noise: a standard normal value for each pixel and channel (timm's <c>pixel</c>).</summary>
    Noise,
}
