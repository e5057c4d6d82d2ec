// Brightness, contrast, saturation, hue and grayscale of an image, and the color jitter that combines them.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>Linear interpolation and extrapolation between two pixel values.</summary>
internal static class PixelBlend
{
    /// <summary>
    /// from + factor (to - from) in float32, clamped to 0..255 and rounded down: 0 gives <paramref name="from"/>, 1 gives <paramref name="to"/>, and
    /// more than 1 extrapolates. Pillow's <c>Image.blend</c>, which its enhancers use.
    /// </summary>
    internal static byte Of(int from, int to, float factor) => (byte)Math.Clamp(from + factor * (to - from), 0f, 255f);
}

/// <summary>Makes an image darker or brighter.</summary>
internal static class Brightness
{
    /// <summary>factor x value, clamped and rounded down: 0 is black, 1 changes nothing. Pillow's <c>ImageEnhance.Brightness</c>.</summary>
    internal static RgbImage Of(RgbImage image, double factor) => ByteTable.Apply(image, value => PixelBlend.Of(0, value, (float)factor));
}

/// <summary>Moves the values of an image toward its mean gray or away from it.</summary>
internal static class Contrast
{
    /// <summary>
    /// mean + factor (value - mean), where mean is the mean luma of the image, rounded: 0 is plain gray, 1 changes nothing. Pillow's
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

/// <summary>Makes colors paler or stronger.</summary>
internal static class Saturation
{
    /// <summary>luma + factor (value - luma): 0 is a gray image, 1 changes nothing. Pillow's <c>ImageEnhance.Color</c>.</summary>
    internal static RgbImage Of(RgbImage image, double factor)
    {
        var result = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < image.Pixels.Length; i += RgbImage.Channels)
        {
            int gray = Luma.Of(image.Pixels.AsSpan(i, RgbImage.Channels));
            for (int channel = i; channel < i + RgbImage.Channels; channel++)
                result.Pixels[channel] = PixelBlend.Of(gray, image.Pixels[channel], (float)factor);
        }

        return result;
    }
}

/// <summary>
/// Rotates the colors of an image on the color wheel. Converts to hue, saturation and value in 8 bits each, with Pillow's formulas and rounding
/// (<c>convert("HSV")</c>).
/// </summary>
internal static class Hue
{
    /// <summary>
    /// Adds <paramref name="shift"/>, in [-0.5, 0.5] of a full rotation, to the hue, rounded toward 0 to a multiple of 1/255; torchvision's
    /// <c>adjust_hue</c>. The conversion through 8 bits may change a color by a few levels, even for 0.
    /// </summary>
    internal static RgbImage Of(RgbImage image, double shift)
    {
        int steps = (int)(shift * 255);
        var result = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < image.Pixels.Length; i += RgbImage.Channels)
        {
            var (hue, saturation, value) = Split(image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]);
            var pixel = result.Pixels.AsSpan(i, RgbImage.Channels);
            (pixel[0], pixel[1], pixel[2]) = Join((byte)(hue + steps), saturation, value);
        }

        return result;
    }

    private static (byte Hue, byte Saturation, byte Value) Split(byte red, byte green, byte blue)
    {
        byte most = Math.Max(red, Math.Max(green, blue)), least = Math.Min(red, Math.Min(green, blue));
        if (most == least)
            return (0, 0, most);
        float range = most - least;
        float r = (most - red) / range, g = (most - green) / range, b = (most - blue) / range;
        float sixth = red == most ? b - g : green == most ? (float)(2.0 + r - b) : (float)(4.0 + g - r);
        float hue = (float)((sixth / 6.0 + 1.0) % 1.0);
        return (Byte(hue * 255.0), Byte(range / most * 255.0), most);
    }

    private static (byte Red, byte Green, byte Blue) Join(byte hue, byte saturation, byte value)
    {
        if (saturation == 0)
            return (value, value, value);
        double sixths = hue * 6.0 / 255.0;
        int sector = (int)sixths;
        float rest = (float)(sixths - sector), fraction = (float)(saturation / 255.0);
        byte low = Rounded(value * (1.0 - fraction));
        byte falling = Rounded(value * (1.0 - fraction * rest)), rising = Rounded(value * (1.0 - fraction * (1.0 - rest)));
        return (sector % 6) switch
        {
            0 => (value, rising, low),
            1 => (falling, value, low),
            2 => (low, value, rising),
            3 => (low, falling, value),
            4 => (rising, low, value),
            _ => (value, low, falling),
        };
    }

    private static byte Byte(double value) => (byte)Math.Clamp((int)value, 0, 255);

    private static byte Rounded(double value) => Byte(Math.Round(value, MidpointRounding.AwayFromZero));
}

/// <summary>Removes the colors of an image.</summary>
internal static class Grayscale
{
    /// <summary>The luma of each pixel in all three channels; torchvision's <c>Grayscale(3)</c>.</summary>
    internal static RgbImage Of(RgbImage image)
    {
        var gray = new RgbImage(image.Width, image.Height);
        for (int i = 0; i < image.Pixels.Length; i += RgbImage.Channels)
            gray.Pixels.AsSpan(i, RgbImage.Channels).Fill(Luma.Of(image.Pixels.AsSpan(i, RgbImage.Channels)));
        return gray;
    }
}

/// <summary>
/// Random brightness, contrast, saturation and hue, in a random order.
/// torchvision's <c>ColorJitter</c>: each factor uniform in [max(0, 1 - range), 1 + range), the hue in [-range, range) of a full rotation; an
/// operation with a range of 0 is skipped.
/// </summary>
internal sealed class ColorJitter(TrainingAugmentations settings)
{
    private readonly (Func<RgbImage, double, RgbImage> Change, double Least, double Most)[] _steps = [.. Steps(settings)];

    internal bool ChangesNothing => _steps.Length == 0;

    internal RgbImage Apply(RgbImage image, RandomStream random)
    {
        int[] order = [.. Enumerable.Range(0, _steps.Length)];
        random.Shuffle(order.AsSpan());
        foreach (int step in order)
            image = _steps[step].Change(image, random.NextDouble(_steps[step].Least, _steps[step].Most));
        return image;
    }

    private static IEnumerable<(Func<RgbImage, double, RgbImage>, double, double)> Steps(TrainingAugmentations settings)
    {
        if (settings.BrightnessJitter > 0)
            yield return (Brightness.Of, Math.Max(0, 1 - settings.BrightnessJitter), 1 + settings.BrightnessJitter);
        if (settings.ContrastJitter > 0)
            yield return (Contrast.Of, Math.Max(0, 1 - settings.ContrastJitter), 1 + settings.ContrastJitter);
        if (settings.SaturationJitter > 0)
            yield return (Saturation.Of, Math.Max(0, 1 - settings.SaturationJitter), 1 + settings.SaturationJitter);
        if (settings.HueJitter > 0)
            yield return (Hue.Of, -settings.HueJitter, settings.HueJitter);
    }
}
