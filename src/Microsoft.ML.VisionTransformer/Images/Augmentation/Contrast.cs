// Moves the values of a picture towards its mean grey or away from it.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Contrast
{
    /// <summary>
    /// mean + factor (value - mean), where mean is the mean luma of the picture, rounded: 0 is plain grey, 1 changes nothing. Pillow's
    /// <c>ImageEnhance.Contrast</c>.
    /// </summary>
    internal static RgbImage Of(RgbImage image, double factor)
    {
        int mean = MeanLuma(image);
        return ByteTable.Apply(image, value => PixelBlend.Of(mean, value, (float)factor));
    }

    private static int MeanLuma(RgbImage image)
    {
        long sum = 0;
        for (int i = 0; i < image.Pixels.Length; i += RgbImage.Channels)
            sum += Luma.Of(image.Pixels.AsSpan(i, RgbImage.Channels));
        return (int)((double)sum / (image.Width * image.Height) + 0.5);
    }
}
