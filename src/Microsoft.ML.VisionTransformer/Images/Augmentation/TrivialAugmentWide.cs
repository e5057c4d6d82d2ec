// One random operation at a random strength: nothing to tune.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// TrivialAugment with the wide ranges (arXiv:2103.10158) as torchvision's <c>TrivialAugmentWide</c>: one of 14 operations, one of 31
/// strengths, either direction with probability 1/2. Warps take the nearest pixel and fill with black.
/// </summary>
internal static class TrivialAugmentWide
{
    /// <summary>The strengths are 0..30.</summary>
    internal const int Strengths = 31;

    private const double Top = Strengths - 1;

    private static readonly int _operations = Enum.GetValues<TrivialAugmentOperation>().Length;

    internal static RgbImage Apply(RgbImage image, RandomStream random) => Apply(
        (TrivialAugmentOperation)random.NextInt(_operations), image, random.NextInt(Strengths), reverse: random.NextDouble() < 0.5);

    /// <summary>One operation; <paramref name="reverse"/> turns the direction of those that have one.</summary>
    internal static RgbImage Apply(TrivialAugmentOperation operation, RgbImage image, int strength, bool reverse)
    {
        double share = strength / Top, signed = reverse ? -share : share, factor = 1 + signed * 0.99;
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
            TrivialAugmentOperation.Posterize => Posterize.Of(image, 8 - (int)Math.Round(share * 6)),
            TrivialAugmentOperation.Solarize => Solarize.Of(image, 255 - strength * 8.5),
            TrivialAugmentOperation.AutoContrast => AutoContrast.Of(image),
            _ => Equalize.Of(image),
        };
    }

    private static int WholePixels(int strength, bool reverse) => (reverse ? -32 : 32) * strength / (int)Top;

    private static RgbImage Warp(RgbImage image, AffineMap map) => AffineWarp.Of(image, map, WarpKernel.Nearest, default);
}
