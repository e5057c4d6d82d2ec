// Replaces each byte of a picture by what a table has for it.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Look-up tables of 256 values: one for all channels, or one for each.</summary>
internal static class ByteTable
{
    internal const int Levels = 256;

    /// <summary>The picture with every byte b replaced by <paramref name="map"/>(b), which is clamped to 0..255.</summary>
    internal static RgbImage Apply(RgbImage image, Func<int, int> map)
    {
        Span<byte> table = stackalloc byte[Levels];
        Fill(table, map);
        var result = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < image.Pixels.Length; i++)
            result.Pixels[i] = table[image.Pixels[i]];
        return result;
    }

    /// <summary>The same with a map made from the histogram of each channel.</summary>
    internal static RgbImage ApplyByHistogram(RgbImage image, Func<int[], Func<int, int>> mapOf)
    {
        var result = new RgbImage(image.Width, image.Height);
        Span<byte> table = stackalloc byte[Levels];
        for (int channel = 0; channel < RgbImage.Channels; channel++)
        {
            Fill(table, mapOf(Histogram(image, channel)));
            for (int i = channel; i < image.Pixels.Length; i += RgbImage.Channels)
                result.Pixels[i] = table[image.Pixels[i]];
        }

        return result;
    }

    private static int[] Histogram(RgbImage image, int channel)
    {
        int[] counts = new int[Levels];
        for (int i = channel; i < image.Pixels.Length; i += RgbImage.Channels)
            counts[image.Pixels[i]]++;
        return counts;
    }

    private static void Fill(Span<byte> table, Func<int, int> map)
    {
        for (int i = 0; i < Levels; i++)
            table[i] = (byte)Math.Clamp(map(i), 0, 255);
    }
}
