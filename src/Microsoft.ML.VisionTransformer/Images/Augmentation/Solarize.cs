// Inverts the bright values of a picture.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Solarize
{
    /// <summary>Pillow's default threshold, which DeiT-3's three-augment uses.</summary>
    internal const double DefaultThreshold = 128;

    /// <summary>Values from <paramref name="threshold"/> on become 255 - value; 256 changes nothing. Pillow's <c>ImageOps.solarize</c>.</summary>
    internal static RgbImage Of(RgbImage image, double threshold = DefaultThreshold) =>
        ByteTable.Apply(image, value => value < threshold ? value : 255 - value);
}
