// The negative of a picture.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Invert
{
    /// <summary>255 - value; Pillow's <c>ImageOps.invert</c>.</summary>
    internal static RgbImage Of(RgbImage image) => ByteTable.Apply(image, value => 255 - value);
}
