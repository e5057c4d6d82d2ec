// One of grey, solarized and blurred.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

internal static class ThreeAugment
{
    private const double LeastRadius = 0.1, MostRadius = 2;

    /// <summary>
    /// DeiT-3's three-augment (arXiv:2204.07118): with equal chances a grey picture, one solarized from 128 on, or a Gaussian blur with
    /// a deviation uniform in [0.1, 2) pixels. The paper's colour jitter of 0.3 follows it, as a setting of its own.
    /// </summary>
    internal static RgbImage Apply(RgbImage image, RandomStream random) => random.NextInt(3) switch
    {
        0 => Grayscale.Of(image),
        1 => Solarize.Of(image),
        _ => GaussianBlur.Of(image, random.NextDouble(LeastRadius, MostRadius)),
    };
}
