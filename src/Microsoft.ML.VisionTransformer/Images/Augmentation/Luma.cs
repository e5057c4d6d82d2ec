// The grey value of a colour.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Luma
{
    /// <summary>ITU-R 601-2 in 16-bit fractions, rounded: Pillow's <c>convert("L")</c>.</summary>
    internal static byte Of(ReadOnlySpan<byte> pixel) => (byte)((pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16);
}
