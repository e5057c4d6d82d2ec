// The colour of what a warp brings in from outside the picture.
namespace Microsoft.ML.VisionTransformer.Images;

internal readonly record struct FillColour(byte Red, byte Green, byte Blue)
{
    /// <summary>The mean colour of the preprocessing, min(255, round(255 mean)): timm's fill.</summary>
    internal static FillColour MeanOf(ImagePreprocessing settings)
    {
        var mean = settings.Mean.ForChannels(RgbImage.Channels);
        return new(Byte(mean[0]), Byte(mean[1]), Byte(mean[2]));
    }

    internal void CopyTo(Span<byte> pixel) => (pixel[0], pixel[1], pixel[2]) = (Red, Green, Blue);

    private static byte Byte(float mean) => (byte)Math.Clamp(Math.Round(255 * (double)mean, MidpointRounding.ToEven), 0, 255);
}
