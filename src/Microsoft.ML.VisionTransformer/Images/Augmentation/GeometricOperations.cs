// Operations that move pixels: rotation, shear, shift and flips.
using System.Runtime.CompilerServices;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// Maps the point (x, y) of the result to the point (XX x + XY y + X0, YX x + YY y + Y0) of the source. Pixel i covers [i, i + 1); its center is
/// i + 1/2. Pillow's <c>AFFINE</c>.
/// </summary>
internal readonly record struct AffineMap(double XX, double XY, double X0, double YX, double YY, double Y0)
{
    /// <summary>Rotates the image counterclockwise around its center, as Pillow's <c>rotate</c>.</summary>
    internal static AffineMap Rotation(double degrees, int width, int height)
    {
        const int Digits = 15;    // Pillow rounds too: right angles are exact
        double angle = -degrees * Math.PI / 180, cos = Math.Round(Math.Cos(angle), Digits), sin = Math.Round(Math.Sin(angle), Digits);
        double x = width / 2.0, y = height / 2.0;
        return new(cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y);
    }

    /// <summary>Shifts row y left by <paramref name="factor"/> y pixels; the top edge does not move.</summary>
    internal static AffineMap ShearX(double factor) => new(1, factor, 0, 0, 1, 0);

    /// <summary>Shifts column x up by <paramref name="factor"/> x pixels; the left edge does not move.</summary>
    internal static AffineMap ShearY(double factor) => new(1, 0, 0, factor, 1, 0);

    /// <summary>Moves the image right and down.</summary>
    internal static AffineMap Translation(double right, double down) => new(1, 0, -right, 0, 1, -down);
}

/// <summary>How a warped pixel is computed from the pixels around its source point.</summary>
internal enum WarpKernel
{
    /// <summary>The pixel that contains the point.</summary>
    Nearest,

    /// <summary>2 x 2 pixels.</summary>
    Bilinear,

    /// <summary>4 x 4 pixels.</summary>
    Bicubic,
}

/// <summary>The color of pixels whose source point is outside the image.</summary>
internal readonly record struct FillColor(byte Red, byte Green, byte Blue)
{
    /// <summary>The mean color of the preprocessing, min(255, round(255 mean)): timm's fill color.</summary>
    internal static FillColor MeanOf(ImagePreprocessing settings)
    {
        var mean = settings.Mean.ForChannels(RgbImage.Channels);
        return new(Byte(mean[0]), Byte(mean[1]), Byte(mean[2]));
    }

    internal void CopyTo(Span<byte> pixel) => (pixel[0], pixel[1], pixel[2]) = (Red, Green, Blue);

    private static byte Byte(float mean) => (byte)Math.Clamp(Math.Round(255 * (double)mean, MidpointRounding.ToEven), 0, 255);
}

/// <summary>
/// Rotates, shears and shifts images without changing their size; a point outside the image has the fill color.
/// Pillow's <c>transform</c> (src/libImaging/Geometry.c), without antialiasing. Nearest: the pixel that contains the point, in 16-bit fixed point.
/// Bilinear and bicubic: 2 x 2 or 4 x 4 pixels around the point, edge pixels repeat outside, the sum is rounded down; the bicubic kernel has
/// a = -1, unlike the resampler's -0.5.
/// </summary>
internal static class AffineWarp
{
    private const int FixedBits = 16;

    /// <summary>Returns the warped image.</summary>
    internal static RgbImage Of(RgbImage image, AffineMap map, WarpKernel kernel, FillColor fill)
    {
        var result = new RgbImage(image.Width, image.Height);
        for (int y = 0; y < image.Height; y++)
        {
            if (kernel == WarpKernel.Nearest)
                FillNearest(image, map, y, fill, result.Row(y));
            else
                FillSmooth(image, map, y, kernel == WarpKernel.Bicubic, fill, result.Row(y));
        }

        return result;
    }

    private static void FillNearest(RgbImage image, AffineMap map, int y, FillColor fill, Span<byte> target)
    {
        long stepX = Fixed(map.XX), stepY = Fixed(map.YX);
        long x = Fixed(map.X0 + map.XX * 0.5 + map.XY * 0.5) + y * Fixed(map.XY);
        long sourceY = Fixed(map.Y0 + map.YX * 0.5 + map.YY * 0.5) + y * Fixed(map.YY);
        for (int at = 0; at < target.Length; at += RgbImage.Channels, x += stepX, sourceY += stepY)
        {
            long column = x >> FixedBits, row = sourceY >> FixedBits;
            var pixel = target.Slice(at, RgbImage.Channels);
            if (column >= 0 && column < image.Width && row >= 0 && row < image.Height)
                image.Row((int)row).Slice((int)column * RgbImage.Channels, RgbImage.Channels).CopyTo(pixel);
            else
                fill.CopyTo(pixel);
        }
    }

    private static long Fixed(double value) => (long)Math.Floor(value * (1 << FixedBits) + 0.5);

    private static void FillSmooth(RgbImage image, AffineMap map, int y, bool cubic, FillColor fill, Span<byte> target)
    {
        double centerY = y + 0.5;
        for (int at = 0, i = 0; at < target.Length; at += RgbImage.Channels, i++)
        {
            double x = map.XX * (i + 0.5) + map.XY * centerY + map.X0, sourceY = map.YX * (i + 0.5) + map.YY * centerY + map.Y0;
            var pixel = target.Slice(at, RgbImage.Channels);
            if (!(x >= 0 && x < image.Width && sourceY >= 0 && sourceY < image.Height))
                fill.CopyTo(pixel);
            else if (cubic)
                Bicubic(image, x - 0.5, sourceY - 0.5, pixel);
            else
                Bilinear(image, x - 0.5, sourceY - 0.5, pixel);
        }
    }

    private static void Bilinear(RgbImage image, double x, double y, Span<byte> pixel)
    {
        int column = (int)Math.Floor(x), row = (int)Math.Floor(y);
        double dx = x - column, dy = y - row;
        var upper = Line(image, row);
        var lower = Line(image, row + 1);
        int left = Offset(image, column), right = Offset(image, column + 1);
        for (int c = 0; c < RgbImage.Channels; c++)
        {
            double top = upper[left + c] + (upper[right + c] - upper[left + c]) * dx;
            double bottom = lower[left + c] + (lower[right + c] - lower[left + c]) * dx;
            pixel[c] = (byte)(top + (bottom - top) * dy);
        }
    }

    private static void Bicubic(RgbImage image, double x, double y, Span<byte> pixel)
    {
        int column = (int)Math.Floor(x), row = (int)Math.Floor(y);
        double dx = x - column, dy = y - row;
        int a = Offset(image, column - 1), b = Offset(image, column), c = Offset(image, column + 1), d = Offset(image, column + 2);
        ReadOnlySpan<byte> first = Line(image, row - 1), second = Line(image, row), third = Line(image, row + 1), fourth = Line(image, row + 2);
        for (int i = 0; i < RgbImage.Channels; i++)
        {
            double value = Cubic(
                Cubic(first[a + i], first[b + i], first[c + i], first[d + i], dx),
                Cubic(second[a + i], second[b + i], second[c + i], second[d + i], dx),
                Cubic(third[a + i], third[b + i], third[c + i], third[d + i], dx),
                Cubic(fourth[a + i], fourth[b + i], fourth[c + i], fourth[d + i], dx),
                dy);
            pixel[i] = (byte)Math.Clamp(value, 0, 255);
        }
    }

    /// <summary>The cubic through b and c with the slopes c - a and d - b there, at the fraction <paramref name="t"/> between them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Cubic(double a, double b, double c, double d, double t) =>
        b + t * ((c - a) + t * ((2 * (a - b) + c - d) + t * (b - a - c + d)));

    private static ReadOnlySpan<byte> Line(RgbImage image, int row) => image.Row(Math.Clamp(row, 0, image.Height - 1));

    private static int Offset(RgbImage image, int column) => Math.Clamp(column, 0, image.Width - 1) * RgbImage.Channels;
}

/// <summary>Flips an image horizontally or vertically, into a new image.</summary>
internal static class Flip
{
    /// <summary>Swaps left and right.</summary>
    internal static RgbImage LeftRight(RgbImage image)
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

    /// <summary>Swaps top and bottom.</summary>
    internal static RgbImage UpsideDown(RgbImage image)
    {
        var flipped = new RgbImage(image.Width, image.Height);
        for (int y = 0; y < image.Height; y++)
            image.Row(y).CopyTo(flipped.Row(image.Height - 1 - y));
        return flipped;
    }
}
