// Fewer levels a channel.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Posterize
{
    /// <summary>Keeps the highest <paramref name="bits"/> bits of each value, 0 (black) to 8 (unchanged); Pillow's <c>ImageOps.posterize</c>.</summary>
    internal static RgbImage Of(RgbImage image, int bits) => bits >= 8 ? image : ByteTable.Apply(image, value => value & (0xFF << (8 - bits)));
}
