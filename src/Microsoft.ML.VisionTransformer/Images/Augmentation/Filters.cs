// Operations that compute each pixel from its neighbors: blur and sharpness.
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// Three passes of a box filter with a fractional radius, over rows and then over columns, each rounded to 8 bits in 24-bit fixed point; edge
/// pixels repeat outside the image. Pillow's <c>GaussianBlur</c>, after Gwosdek et al., "Theoretical foundations of Gaussian convolution by extended box
/// filtering", 2011.
/// </summary>
internal static class GaussianBlur
{
    private const int Passes = 3, FractionBits = 24;

    /// <summary>The blurred image; <paramref name="radius"/> is the Gaussian's standard deviation in pixels, 0 changes nothing.</summary>
    internal static RgbImage Of(RgbImage image, double radius)
    {
        float box = BoxRadius((float)radius);
        if (box == 0)
            return image;
        var result = new RgbImage(image.Width, image.Height, [.. image.Pixels]);
        byte[] line = new byte[Math.Max(image.Width, image.Height)];
        for (int y = 0; y < image.Height; y++)
            BlurLines(result.Pixels, y * image.Stride, RgbImage.Channels, line.AsSpan(0, image.Width), box);
        for (int x = 0; x < image.Width; x++)
            BlurLines(result.Pixels, x * RgbImage.Channels, image.Stride, line.AsSpan(0, image.Height), box);
        return result;
    }

    /// <summary>Radius of the box filter whose three passes have the variance of the Gaussian: formulas 7, 11 and 14 of the paper.</summary>
    internal static float BoxRadius(float deviation)
    {
        float variance = deviation * deviation / Passes;
        float length = (float)Math.Sqrt(12.0 * variance + 1.0);
        float whole = (float)Math.Floor((length - 1.0) / 2.0);
        float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
        part /= 6 * (variance - (whole + 1) * (whole + 1));
        return whole + part;
    }

    /// <summary>Blurs all channels of one row or column, whose pixels are <paramref name="step"/> bytes apart.</summary>
    private static void BlurLines(Span<byte> pixels, int start, int step, Span<byte> line, float radius)
    {
        for (int channel = 0; channel < RgbImage.Channels; channel++)
        {
            for (int pass = 0; pass < Passes; pass++)
            {
                for (int i = 0; i < line.Length; i++)
                    line[i] = pixels[start + channel + i * step];
                Box(line, pixels[(start + channel)..], step, radius);
            }
        }
    }

    private static void Box(ReadOnlySpan<byte> line, Span<byte> target, int step, float radius)
    {
        int whole = (int)radius, last = line.Length - 1;
        uint weight = (uint)((1 << FractionBits) / (radius * 2 + 1)), edgeWeight = ((1u << FractionBits) - (uint)(whole * 2 + 1) * weight) / 2;
        uint sum = (uint)(line[0] * (whole + 1));
        for (int i = 0; i < whole; i++)
            sum += line[Math.Min(i, last)];
        for (int i = 0; i <= last; i++)
        {
            byte leftEdge = line[Math.Max(i - whole - 1, 0)], rightEdge = line[Math.Min(i + whole + 1, last)];
            sum += line[Math.Min(i + whole, last)];
            sum -= leftEdge;
            target[i * step] = (byte)((sum * weight + (uint)(leftEdge + rightEdge) * edgeWeight + (1u << (FractionBits - 1))) >> FractionBits);
        }
    }
}

/// <summary>Blurs an image slightly or sharpens it.</summary>
internal static class Sharpness
{
    private const int Center = 5, Sum = 13;

    /// <summary>
    /// smooth + factor (value - smooth), where smooth is the mean of the 3 x 3 neighborhood with weight 5 for the center, rounded: 0 is the smooth
    /// image, 1 changes nothing. Border pixels are unchanged, and so is an image with a side below 3. Pillow's <c>ImageEnhance.Sharpness</c>.
    /// </summary>
    internal static RgbImage Of(RgbImage image, double factor)
    {
        var result = new RgbImage(image.Width, image.Height, [.. image.Pixels]);
        for (int y = 1; y < image.Height - 1; y++)
        {
            for (int i = y * image.Stride + RgbImage.Channels; i < (y + 1) * image.Stride - RgbImage.Channels; i++)
                result.Pixels[i] = PixelBlend.Of(Smooth(image, i), image.Pixels[i], (float)factor);
        }

        return result;
    }

    private static int Smooth(RgbImage image, int at)
    {
        int sum = (Center - 1) * image.Pixels[at];
        for (int row = at - image.Stride; row <= at + image.Stride; row += image.Stride)
            sum += image.Pixels[row - RgbImage.Channels] + image.Pixels[row] + image.Pixels[row + RgbImage.Channels];
        // A multiple of 1/13 is never halfway between two integers, so integer rounding gives the same result as Pillow's floats.
        return (2 * sum + Sum) / (2 * Sum);
    }
}
