// Stretches each channel over the whole range.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class AutoContrast
{
    /// <summary>
    /// The darkest value of a channel becomes 0, the lightest 255, those between lie on a line, rounded down; a channel of one value stays.
    /// Pillow's <c>ImageOps.autocontrast</c> without cut-off.
    /// </summary>
    internal static RgbImage Of(RgbImage image) => ByteTable.ApplyByHistogram(image, MapOf);

    private static Func<int, int> MapOf(int[] histogram)
    {
        int low = Array.FindIndex(histogram, count => count > 0), high = Array.FindLastIndex(histogram, count => count > 0);
        if (high <= low)
            return value => value;
        double scale = 255.0 / (high - low), offset = -low * scale;
        return value => (int)(value * scale + offset);
    }
}
