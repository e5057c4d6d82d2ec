// A point on the line through two pictures.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class PixelBlend
{
    /// <summary>
    /// from + factor (to - from) in float32, clamped to 0..255 and rounded down: 0 gives <paramref name="from"/>, 1 <paramref name="to"/>, more
    /// than 1 goes beyond it. Pillow's <c>Image.blend</c>, of which its enhancers are made.
    /// </summary>
    internal static byte Of(int from, int to, float factor) => (byte)Math.Clamp(from + factor * (to - from), 0f, 255f);
}
