// A few random operations, all at about the same strength.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// RandAugment (arXiv:1909.13719) as timm's <c>rand-mM-nN-mstdS-pP-inc1</c>: N operations, drawn with replacement, each done with probability P at
/// a level drawn from Normal(M, S) and clamped to 0..10. Those with a direction take either with probability 1/2. Warps fill with the mean
/// colour and use the preprocessing's kernel, bicubic in place of Lanczos.
/// </summary>
internal sealed class RandAugment(TrainingAugmentations settings, ImagePreprocessing preprocessing)
{
    /// <summary>The highest level.</summary>
    internal const double Top = 10;

    private static readonly int _operations = Enum.GetValues<RandAugmentOperation>().Length;

    private readonly WarpKernel _kernel = preprocessing.Interpolation == ImageInterpolation.Bilinear ? WarpKernel.Bilinear : WarpKernel.Bicubic;
    private readonly FillColour _fill = FillColour.MeanOf(preprocessing);

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

    /// <summary>One operation at a level in 0..10; <paramref name="reverse"/> turns the direction of those that have one.</summary>
    internal RgbImage Apply(RandAugmentOperation operation, RgbImage image, double level, bool reverse)
    {
        double share = level / Top, signed = reverse ? -share : share, factor = Math.Max(0.1, 1 + signed * 0.9);
        return operation switch
        {
            RandAugmentOperation.AutoContrast => AutoContrast.Of(image),
            RandAugmentOperation.Equalize => Equalize.Of(image),
            RandAugmentOperation.Invert => Invert.Of(image),
            RandAugmentOperation.Rotate => Warp(image, AffineMap.Rotation(signed * 30, image.Width, image.Height)),
            RandAugmentOperation.Posterize => Posterize.Of(image, 4 - (int)(share * 4)),
            RandAugmentOperation.Solarize => Solarize.Of(image, 256 - (int)(share * 256)),
            RandAugmentOperation.SolarizeAdd => SolarizeAdd.Of(image, (int)(share * 110)),
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
