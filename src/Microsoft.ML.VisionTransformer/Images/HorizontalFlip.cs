// Left and right swapped.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class HorizontalFlip
{
    /// <summary>The mirror image, as a new picture.</summary>
    internal static RgbImage Of(RgbImage image)
    {
        var mirrored = new RgbImage(image.Width, image.Height);
        for (int y = 0; y < image.Height; y++)
        {
            var source = image.Row(y);
            var target = mirrored.Row(y);
            for (int from = 0, to = target.Length - RgbImage.Channels; to >= 0; from += RgbImage.Channels, to -= RgbImage.Channels)
                source.Slice(from, RgbImage.Channels).CopyTo(target[to..]);
        }

        return mirrored;
    }
}
