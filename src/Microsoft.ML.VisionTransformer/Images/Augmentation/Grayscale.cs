// A picture without colours.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Grayscale
{
    /// <summary>The luma of each pixel in all three channels; torchvision's <c>Grayscale(3)</c>.</summary>
    internal static RgbImage Of(RgbImage image)
    {
        var grey = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < image.Pixels.Length; i += RgbImage.Channels)
            grey.Pixels.AsSpan(i, RgbImage.Channels).Fill(Luma.Of(image.Pixels.AsSpan(i, RgbImage.Channels)));
        return grey;
    }
}
