// Top and bottom swapped.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class VerticalFlip
{
    /// <summary>The picture upside down, left still left, as a new picture.</summary>
    internal static RgbImage Of(RgbImage image)
    {
        var flipped = new RgbImage(image.Width, image.Height);
        for (int y = 0; y < image.Height; y++)
            image.Row(y).CopyTo(flipped.Row(image.Height - 1 - y));
        return flipped;
    }
}
