// Blurs a picture slightly or sharpens it.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Sharpness
{
    private const int Centre = 5, Sum = 13;

    /// <summary>
    /// smooth + factor (value - smooth), where smooth is the mean of the 3 x 3 neighbours with 5 for the middle, rounded: 0 is the smooth picture,
    /// 1 changes nothing. The outermost pixels stay, as does a picture with a side below 3. Pillow's <c>ImageEnhance.Sharpness</c>.
    /// </summary>
    internal static RgbImage Of(RgbImage image, double factor)
    {
        var result = new RgbImage(image.Width, image.Height, [.. image.Pixels]);
        for (int y = 1; y < image.Height - 1; y++)
        {
            for (int i = y * image.Stride + RgbImage.Channels; i < (y + 1) * image.Stride - RgbImage.Channels; i++)
                result.Pixels[i] = PixelBlend.Of(Smooth(image, i), image.Pixels[i], (float)factor);
        }

        return result;
    }

    private static int Smooth(RgbImage image, int at)
    {
        int sum = (Centre - 1) * image.Pixels[at];
        for (int row = at - image.Stride; row <= at + image.Stride; row += image.Stride)
            sum += image.Pixels[row - RgbImage.Channels] + image.Pixels[row] + image.Pixels[row + RgbImage.Channels];
        // Thirteenths never end in a half, so that whole numbers round as Pillow's floats do.
        return (2 * sum + Sum) / (2 * Sum);
    }
}
