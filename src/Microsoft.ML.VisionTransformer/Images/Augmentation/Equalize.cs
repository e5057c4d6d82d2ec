// Spreads the values of each channel so that its histogram becomes flat.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Equalize
{
    /// <summary>
    /// With step = floor((pixels - pixels of the highest value) / 255), a value becomes floor((step / 2 + pixels below it) / step), at most 255;
    /// a channel of one value, or with a step of 0, stays. Pillow's <c>ImageOps.equalize</c>.
    /// </summary>
    internal static RgbImage Of(RgbImage image) => ByteTable.ApplyByHistogram(image, MapOf);

    private static Func<int, int> MapOf(int[] histogram)
    {
        int step = (histogram.Sum() - histogram[Array.FindLastIndex(histogram, count => count > 0)]) / 255;
        if (step == 0)
            return value => value;
        int[] table = new int[ByteTable.Levels];
        int below = step / 2;
        for (int value = 0; value < table.Length; value++)
        {
            table[value] = below / step;
            below += histogram[value];
        }

        return value => table[value];
    }
}
