// Makes colours paler or stronger.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class Saturation
{
    /// <summary>luma + factor (value - luma): 0 is a grey picture, 1 changes nothing. Pillow's <c>ImageEnhance.Color</c>.</summary>
    internal static RgbImage Of(RgbImage image, double factor)
    {
        var result = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < image.Pixels.Length; i += RgbImage.Channels)
        {
            int grey = Luma.Of(image.Pixels.AsSpan(i, RgbImage.Channels));
            for (int channel = i; channel < i + RgbImage.Channels; channel++)
                result.Pixels[channel] = PixelBlend.Of(grey, image.Pixels[channel], (float)factor);
        }

        return result;
    }
}
