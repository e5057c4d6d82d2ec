// Rotates, shears and shifts pictures; their size stays and what comes from outside has a fill colour.
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// Pillow's <c>transform</c> (src/libImaging/Geometry.c), without antialiasing. Nearest: the pixel that the point lies in, in 16-bit fractions.
/// Bilinear and bicubic: 2 x 2 or 4 x 4 pixels around it, an edge pixel repeats outside, the sum is rounded down; the bicubic kernel has
/// a = -1 and not the resampler's -0.5. A point outside the picture has the fill colour.
/// </summary>
internal static class AffineWarp
{
    private const int FixedBits = 16;

    /// <summary>The warped picture.</summary>
    internal static RgbImage Of(RgbImage image, AffineMap map, WarpKernel kernel, FillColour fill)
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

    private static void FillNearest(RgbImage image, AffineMap map, int y, FillColour fill, Span<byte> target)
    {
        long stepX = Fixed(map.XX), stepY = Fixed(map.YX);
        long x = Fixed(map.X0 + map.XX * 0.5 + map.XY * 0.5) + y * Fixed(map.XY), sourceY = Fixed(map.Y0 + map.YX * 0.5 + map.YY * 0.5) + y * Fixed(map.YY);
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

    private static void FillSmooth(RgbImage image, AffineMap map, int y, bool cubic, FillColour fill, Span<byte> target)
    {
        double middle = y + 0.5;
        for (int at = 0, i = 0; at < target.Length; at += RgbImage.Channels, i++)
        {
            double x = map.XX * (i + 0.5) + map.XY * middle + map.X0, sourceY = map.YX * (i + 0.5) + map.YY * middle + map.Y0;
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

    /// <summary>The cubic through b and c with the slopes c - a and d - b there, at the share <paramref name="t"/> between them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Cubic(double a, double b, double c, double d, double t) =>
        b + t * ((c - a) + t * ((2 * (a - b) + c - d) + t * (b - a - c + d)));

    private static ReadOnlySpan<byte> Line(RgbImage image, int row) => image.Row(Math.Clamp(row, 0, image.Height - 1));

    private static int Offset(RgbImage image, int column) => Math.Clamp(column, 0, image.Width - 1) * RgbImage.Channels;
}
