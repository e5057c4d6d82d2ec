// Augmentation policies, sets of random operations: RandAugment, TrivialAugment and DeiT-3's three-augment.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// RandAugment (arXiv:1909.13719) as timm's <c>rand-mM-nN-mstdS-pP-inc1</c>: N operations, drawn with replacement, each applied with probability P
/// at a level drawn from Normal(M, S) and clamped to 0..10. An operation that has a direction uses either one with probability 1/2. Warps fill with
/// the mean color and use the preprocessing's kernel, with bicubic in place of Lanczos.
/// </summary>
internal sealed class RandAugment(TrainingAugmentations settings, ImagePreprocessing preprocessing)
{
    /// <summary>The highest level.</summary>
    internal const double Top = 10;

    private static readonly int _operations = Enum.GetValues<RandAugmentOperation>().Length;

    private readonly WarpKernel _kernel = preprocessing.Interpolation == ImageInterpolation.Bilinear ? WarpKernel.Bilinear : WarpKernel.Bicubic;
    private readonly FillColor _fill = FillColor.MeanOf(preprocessing);

    internal RgbImage Apply(RgbImage image, RandomStream random)
    {
        for (int i = 0; i < settings.RandAugmentOperations; i++)
        {
            var operation = (RandAugmentOperation)random.NextInt(_operations);
            if (random.NextDouble() >= settings.RandAugmentProbability)
                continue;
            double level = Math.Clamp(settings.RandAugmentMagnitude + settings.RandAugmentMagnitudeDeviation * random.NextGaussian(), 0, Top);
            image = Apply(operation, image, level, reverse: random.NextDouble() < 0.5);
        }

        return image;
    }

    /// <summary>Applies one operation at a level in 0..10; <paramref name="reverse"/> reverses the direction of an operation that has one.</summary>
    internal RgbImage Apply(RandAugmentOperation operation, RgbImage image, double level, bool reverse)
    {
        double fraction = level / Top, signed = reverse ? -fraction : fraction, factor = Math.Max(0.1, 1 + signed * 0.9);
        return operation switch
        {
            RandAugmentOperation.AutoContrast => AutoContrast.Of(image),
            RandAugmentOperation.Equalize => Equalize.Of(image),
            RandAugmentOperation.Invert => Invert.Of(image),
            RandAugmentOperation.Rotate => Warp(image, AffineMap.Rotation(signed * 30, image.Width, image.Height)),
            RandAugmentOperation.Posterize => Posterize.Of(image, 4 - (int)(fraction * 4)),
            RandAugmentOperation.Solarize => Solarize.Of(image, 256 - (int)(fraction * 256)),
            RandAugmentOperation.SolarizeAdd => SolarizeAdd.Of(image, (int)(fraction * 110)),
            RandAugmentOperation.Color => Saturation.Of(image, factor),
            RandAugmentOperation.Contrast => Contrast.Of(image, factor),
            RandAugmentOperation.Brightness => Brightness.Of(image, factor),
            RandAugmentOperation.Sharpness => Sharpness.Of(image, factor),
            RandAugmentOperation.ShearX => Warp(image, AffineMap.ShearX(signed * 0.3)),
            RandAugmentOperation.ShearY => Warp(image, AffineMap.ShearY(signed * 0.3)),
            RandAugmentOperation.TranslateX => Warp(image, AffineMap.Translation(signed * 0.45 * image.Width, 0)),
            _ => Warp(image, AffineMap.Translation(0, signed * 0.45 * image.Height)),
        };
    }

    private RgbImage Warp(RgbImage image, AffineMap map) => AffineWarp.Of(image, map, _kernel, _fill);
}

/// <summary>The operations of RandAugment: timm's set for <c>inc1</c>, with the range of each. Its strength increases with the level.</summary>
internal enum RandAugmentOperation
{
    /// <summary>No strength.</summary>
    AutoContrast,

    /// <summary>No strength.</summary>
    Equalize,

    /// <summary>No strength.</summary>
    Invert,

    /// <summary>Up to 30 degrees, either way.</summary>
    Rotate,

    /// <summary>4 bits down to 0.</summary>
    Posterize,

    /// <summary>Threshold 256 down to 0.</summary>
    Solarize,

    /// <summary>0 to 110 added.</summary>
    SolarizeAdd,

    /// <summary>Saturation by a factor of 1 to 1.9, or 1 to 0.1.</summary>
    Color,

    /// <summary>As <see cref="Color"/>.</summary>
    Contrast,

    /// <summary>As <see cref="Color"/>.</summary>
    Brightness,

    /// <summary>As <see cref="Color"/>.</summary>
    Sharpness,

    /// <summary>Up to 0.3 pixels a row, either way.</summary>
    ShearX,

    /// <summary>Up to 0.3 pixels a column, either way.</summary>
    ShearY,

    /// <summary>Up to 45% of the width, either way.</summary>
    TranslateX,

    /// <summary>Up to 45% of the height, either way.</summary>
    TranslateY,
}

/// <summary>
/// One random operation at a random strength, without parameters to tune.
/// TrivialAugment with the wide ranges (arXiv:2103.10158) as torchvision's <c>TrivialAugmentWide</c>: one of 14 operations, one of 31
/// strengths, either direction with probability 1/2. Warps use the nearest pixel and fill with black.
/// </summary>
internal static class TrivialAugmentWide
{
    /// <summary>Number of strengths, 0..30.</summary>
    internal const int Strengths = 31;

    private const double Top = Strengths - 1;

    private static readonly int _operations = Enum.GetValues<TrivialAugmentOperation>().Length;

    internal static RgbImage Apply(RgbImage image, RandomStream random) => Apply(
        (TrivialAugmentOperation)random.NextInt(_operations), image, random.NextInt(Strengths), reverse: random.NextDouble() < 0.5);

    /// <summary>Applies one operation; <paramref name="reverse"/> reverses the direction of an operation that has one.</summary>
    internal static RgbImage Apply(TrivialAugmentOperation operation, RgbImage image, int strength, bool reverse)
    {
        double fraction = strength / Top, signed = reverse ? -fraction : fraction, factor = 1 + signed * 0.99;
        return operation switch
        {
            TrivialAugmentOperation.Identity => image,
            TrivialAugmentOperation.ShearX => Warp(image, AffineMap.ShearX(signed * 0.99)),
            TrivialAugmentOperation.ShearY => Warp(image, AffineMap.ShearY(signed * 0.99)),
            TrivialAugmentOperation.TranslateX => Warp(image, AffineMap.Translation(WholePixels(strength, reverse), 0)),
            TrivialAugmentOperation.TranslateY => Warp(image, AffineMap.Translation(0, WholePixels(strength, reverse))),
            TrivialAugmentOperation.Rotate => Warp(image, AffineMap.Rotation(signed * 135, image.Width, image.Height)),
            TrivialAugmentOperation.Brightness => Brightness.Of(image, factor),
            TrivialAugmentOperation.Color => Saturation.Of(image, factor),
            TrivialAugmentOperation.Contrast => Contrast.Of(image, factor),
            TrivialAugmentOperation.Sharpness => Sharpness.Of(image, factor),
            TrivialAugmentOperation.Posterize => Posterize.Of(image, 8 - (int)Math.Round(fraction * 6)),
            TrivialAugmentOperation.Solarize => Solarize.Of(image, 255 - strength * 8.5),
            TrivialAugmentOperation.AutoContrast => AutoContrast.Of(image),
            _ => Equalize.Of(image),
        };
    }

    private static int WholePixels(int strength, bool reverse) => (reverse ? -32 : 32) * strength / (int)Top;

    private static RgbImage Warp(RgbImage image, AffineMap map) => AffineWarp.Of(image, map, WarpKernel.Nearest, default);
}

/// <summary>The operations of TrivialAugment: torchvision's set, in its order, with the range from strength 0 to strength 30.</summary>
internal enum TrivialAugmentOperation
{
    /// <summary>The image unchanged.</summary>
    Identity,

    /// <summary>Up to 0.99 pixels a row, either way.</summary>
    ShearX,

    /// <summary>Up to 0.99 pixels a column, either way.</summary>
    ShearY,

    /// <summary>Up to 32 pixels, either way, at any image size.</summary>
    TranslateX,

    /// <summary>Up to 32 pixels, either way, at any image size.</summary>
    TranslateY,

    /// <summary>Up to 135 degrees, either way.</summary>
    Rotate,

    /// <summary>By a factor of 1 to 1.99, or 1 to 0.01.</summary>
    Brightness,

    /// <summary>Saturation, as <see cref="Brightness"/>.</summary>
    Color,

    /// <summary>As <see cref="Brightness"/>.</summary>
    Contrast,

    /// <summary>As <see cref="Brightness"/>.</summary>
    Sharpness,

    /// <summary>8 bits down to 2.</summary>
    Posterize,

    /// <summary>Threshold 255 down to 0.</summary>
    Solarize,

    /// <summary>No strength.</summary>
    AutoContrast,

    /// <summary>No strength.</summary>
    Equalize,
}

/// <summary>One of three operations: grayscale, solarize or Gaussian blur.</summary>
internal static class ThreeAugment
{
    private const double MinimumRadius = 0.1, MaximumRadius = 2;

    /// <summary>
    /// DeiT-3's three-augment (arXiv:2204.07118): with equal probability a gray image, one solarized at threshold 128, or a Gaussian blur
    /// with a standard deviation uniform in [0.1, 2) pixels. The paper's color jitter of 0.3 follows it, as a separate setting.
    /// </summary>
    internal static RgbImage Apply(RgbImage image, RandomStream random) => random.NextInt(3) switch
    {
        0 => Grayscale.Of(image),
        1 => Solarize.Of(image),
        _ => GaussianBlur.Of(image, random.NextDouble(MinimumRadius, MaximumRadius)),
    };
}
