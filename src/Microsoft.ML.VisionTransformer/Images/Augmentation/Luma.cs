// The grey value of a colour.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Luma
{
    /// <summary>Weights of the three colours in units of 2^-16.</summary>
    internal const int Red = 19595, Green = 38470, Blue = 7471;

    /// <summary>ITU-R 601-2 in 16-bit fractions, rounded: Pillow's <c>convert("L")</c>.</summary>
    internal static byte Of(ReadOnlySpan<byte> pixel) => (byte)((pixel[0] * Red + pixel[1] * Green + pixel[2] * Blue + 0x8000) >> 16);
}
