// Operations that map each byte through a lookup table of 256 values: invert, posterize, solarize, autocontrast and equalize.
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>Lookup tables of 256 values: one for all channels, or one per channel.</summary>
internal static class ByteTable
{
    internal const int Levels = 256;

    /// <summary>The image with every byte b replaced by <paramref name="map"/>(b), which is clamped to 0..255.</summary>
    internal static RgbImage Apply(RgbImage image, Func<int, int> map)
    {
        Span<byte> table = stackalloc byte[Levels];
        Fill(table, map);
        var result = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < image.Pixels.Length; i++)
            result.Pixels[i] = table[image.Pixels[i]];
        return result;
    }

    /// <summary>As <see cref="Apply"/>, with a separate map for each channel, computed from the channel's histogram.</summary>
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

/// <summary>Inverts an image.</summary>
internal static class Invert
{
    /// <summary>255 - value; Pillow's <c>ImageOps.invert</c>.</summary>
    internal static RgbImage Of(RgbImage image) => ByteTable.Apply(image, value => 255 - value);
}

/// <summary>Reduces the number of levels of each channel.</summary>
internal static class Posterize
{
    /// <summary>Keeps the highest <paramref name="bits"/> bits of each value, 0 (black) to 8 (unchanged); Pillow's <c>ImageOps.posterize</c>.</summary>
    internal static RgbImage Of(RgbImage image, int bits) => bits >= 8 ? image : ByteTable.Apply(image, value => value & (0xFF << (8 - bits)));
}

/// <summary>Inverts the bright values of an image.</summary>
internal static class Solarize
{
    /// <summary>Pillow's default threshold, which DeiT-3's three-augment uses.</summary>
    internal const double DefaultThreshold = 128;

    /// <summary>Values of at least <paramref name="threshold"/> become 255 - value; 256 changes nothing. Pillow's <c>ImageOps.solarize</c>.</summary>
    internal static RgbImage Of(RgbImage image, double threshold = DefaultThreshold) =>
        ByteTable.Apply(image, value => value < threshold ? value : 255 - value);
}

/// <summary>Brightens the dark values of an image and leaves the others.</summary>
internal static class SolarizeAdd
{
    private const int Threshold = 128;

    /// <summary>Values below 128 become min(255, value + <paramref name="add"/>); timm's <c>solarize_add</c>.</summary>
    internal static RgbImage Of(RgbImage image, int add) => ByteTable.Apply(image, value => value < Threshold ? value + add : value);
}

/// <summary>Stretches each channel to the full range.</summary>
internal static class AutoContrast
{
    /// <summary>
    /// The darkest value of a channel becomes 0, the lightest 255, with linear interpolation between them, rounded down. A channel with a single
    /// value is unchanged. Pillow's <c>ImageOps.autocontrast</c> without cut-off.
    /// </summary>
    internal static RgbImage Of(RgbImage image) => ByteTable.ApplyByHistogram(image, MapOf);

    private static Func<int, int> MapOf(int[] histogram)
    {
        int low = Array.FindIndex(histogram, count => count > 0), high = Array.FindLastIndex(histogram, count => count > 0);
        if (high <= low)
            return value => value;
        double scale = 255.0 / (high - low), offset = -low * scale;
        return value => (int)(value * scale + offset);
    }
}

/// <summary>Equalizes the histogram of each channel.</summary>
internal static class Equalize
{
    /// <summary>
    /// With step = floor((pixels - pixels of the highest value) / 255), a value becomes floor((step / 2 + pixels below it) / step), at most 255;
    /// a channel with a single value, or with a step of 0, is unchanged. Pillow's <c>ImageOps.equalize</c>.
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
