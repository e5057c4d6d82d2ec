// Turns the colours of a picture around the colour wheel.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Through hue, saturation and value in 8 bits each, with Pillow's formulas and rounding (<c>convert("HSV")</c>).</summary>
internal static class Hue
{
    /// <summary>
    /// Adds <paramref name="turn"/>, in [-0.5, 0.5] of a full turn, to the hue, in whole steps of 1/255 towards 0; torchvision's
    /// <c>adjust_hue</c>. The detour over 8 bits may move other colours by a few levels, even for 0.
    /// </summary>
    internal static RgbImage Of(RgbImage image, double turn)
    {
        int steps = (int)(turn * 255);
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
        float rest = (float)(sixths - sector), share = (float)(saturation / 255.0);
        byte low = Rounded(value * (1.0 - share)), falling = Rounded(value * (1.0 - share * rest)), rising = Rounded(value * (1.0 - share * (1.0 - rest)));
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
