// Makes a picture darker or brighter.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Brightness
{
    /// <summary>factor x value, clamped and rounded down: 0 is black, 1 changes nothing. Pillow's <c>ImageEnhance.Brightness</c>.</summary>
    internal static RgbImage Of(RgbImage image, double factor) => ByteTable.Apply(image, value => PixelBlend.Of(0, value, (float)factor));
}
