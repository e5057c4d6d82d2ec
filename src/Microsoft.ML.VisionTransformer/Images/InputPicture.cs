// The network's input as a picture again.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class InputPicture
{
    /// <summary>
    /// An input [channels, height, width] without its normalisation, rounded to 8 bits: what the network saw. Of one channel all three colours are made;
    /// of more than three the first three.
    /// </summary>
    internal static RgbImage Of(ReadOnlySpan<float> chw, ImagePreprocessing preprocessing)
    {
        var (height, width) = (preprocessing.Size.Height, preprocessing.Size.Width);
        var picture = new RgbImage(width, height);
        for (int i = 0; i < picture.Pixels.Length; i++)
        {
            int channel = Math.Min(i % RgbImage.Channels, preprocessing.Mean.Count - 1), pixel = i / RgbImage.Channels;
            float share = chw[channel * height * width + pixel] * preprocessing.StandardDeviation[channel] + preprocessing.Mean[channel];
            picture.Pixels[i] = (byte)Math.Clamp(MathF.Round(share * 255), 0, 255);
        }

        return picture;
    }
}
