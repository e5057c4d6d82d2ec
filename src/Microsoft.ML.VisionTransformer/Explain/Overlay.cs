// Draws a map over the image that it explains: the color scale, the upsampling of the map and the blending.
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>Blends the colors of a map with its image.</summary>
internal static class Overlay
{
    /// <summary>Opacity of the map's color at the lowest and at the highest value.</summary>
    private const float MinAlpha = 0.25f, MaxAlpha = 0.75f;

    /// <summary>Share of white in what the network did not see.</summary>
    private const float Fading = 0.65f;

    /// <summary>
    /// Draws the image, of the network's input size, under the map's colors: a higher value has a lighter and more opaque color. The image itself is drawn in
    /// gray, because an orange flower would look like a high value.
    /// </summary>
    internal static RgbImage Draw(RgbImage image, ReadOnlySpan<float> map, VisionTransformerArchitecture architecture)
    {
        float[] values = MapUpsampling.ToPixels(map, architecture);
        var drawn = new RgbImage(image.Width, image.Height);
        for (int i = 0, offset = 0; i < values.Length; i++, offset += RgbImage.Channels)
            Draw(Luma.Of(image.Pixels.AsSpan(offset, RgbImage.Channels)), values[i], drawn.Pixels.AsSpan(offset, RgbImage.Channels));
        return drawn;
    }

    /// <summary>
    /// Draws the whole photo, with the map's colors where the network saw it. What was cropped is faded: light gray, without a color of the scale.
    /// </summary>
    internal static RgbImage DrawOnPhoto(ShownPhoto photo, ReadOnlySpan<float> map, VisionTransformerArchitecture architecture)
    {
        var (image, place, size) = (photo.Image, photo.Place, architecture.ImageSize);
        float[] rows = PlaceInInput.Centers(image.Height, place.Top, place.Height), columns = PlaceInInput.Centers(image.Width, place.Left, place.Width);
        float[] values = MapUpsampling.At(map, architecture, rows, columns);
        var drawn = new RgbImage(image.Width, image.Height);
        for (int y = 0, i = 0; y < image.Height; y++)
        {
            bool isRowSeen = rows[y] >= 0 && rows[y] < size.Height;
            for (int x = 0; x < image.Width; x++, i++)
            {
                byte gray = Luma.Of(image.Pixels.AsSpan(i * RgbImage.Channels, RgbImage.Channels));
                var pixel = drawn.Pixels.AsSpan(i * RgbImage.Channels, RgbImage.Channels);
                if (isRowSeen && columns[x] >= 0 && columns[x] < size.Width)
                    Draw(gray, values[i], pixel);
                else
                    pixel.Fill(Blend(gray, byte.MaxValue, Fading));
            }
        }

        return drawn;
    }

    /// <summary>Whether part of the photo was cropped, by at least one pixel of what is shown.</summary>
    internal static bool IsCropped(ShownPhoto photo, VisionTransformerArchitecture architecture)
    {
        var (image, place, size) = (photo.Image, photo.Place, architecture.ImageSize);
        return IsCropped(place.Left, place.Width, image.Width, size.Width) || IsCropped(place.Top, place.Height, image.Height, size.Height);

        static bool IsCropped(double start, double length, int shown, int side) => start + 0.5 / shown * length < 0 || start + (shown - 0.5) / shown * length >= side;
    }

    private static void Draw(byte gray, float value, Span<byte> pixel)
    {
        var (red, green, blue) = ColorScale.Of(value);
        float alpha = float.Lerp(MinAlpha, MaxAlpha, value);
        (pixel[0], pixel[1], pixel[2]) = (Blend(gray, red, alpha), Blend(gray, green, alpha), Blend(gray, blue, alpha));
    }

    private static byte Blend(byte gray, float color, float alpha) => (byte)MathF.Round(float.Lerp(gray, color, alpha));
}

/// <summary>
/// The color scale: black through violet, red and orange to pale yellow. Lightness grows evenly (CIE L* about 2, 24, 49, 73, 97 at the control points), so
/// the order of values is visible in gray and to color-blind readers. sRGB values are interpolated linearly between control points.
/// </summary>
internal static class ColorScale
{
    private static readonly (float Red, float Green, float Blue)[] _controlPoints =
        [(10, 6, 24), (96, 20, 110), (207, 64, 72), (250, 160, 44), (255, 248, 190)];

    /// <summary>The color of a value in [0, 1], channels in [0, 255].</summary>
    internal static (float Red, float Green, float Blue) Of(float value)
    {
        float position = Math.Clamp(value, 0, 1) * (_controlPoints.Length - 1);
        int below = Math.Min((int)position, _controlPoints.Length - 2);
        float fraction = position - below;
        var (from, to) = (_controlPoints[below], _controlPoints[below + 1]);
        return (float.Lerp(from.Red, to.Red, fraction), float.Lerp(from.Green, to.Green, fraction), float.Lerp(from.Blue, to.Blue, fraction));
    }
}

/// <summary>Upsamples a map from patches to pixels.</summary>
internal static class MapUpsampling
{
    /// <summary>
    /// A map [rows, columns] over patches to [height, width] over pixels, bilinear between the patch centers, which stride and kernel determine. Outside the
    /// outermost centers the nearest value is used. Values are first scaled to [0, 1]: smallest to 0, largest to 1; all become 0 if they are equal.
    /// </summary>
    internal static float[] ToPixels(ReadOnlySpan<float> map, VisionTransformerArchitecture architecture)
    {
        var size = architecture.ImageSize;
        return At(map, architecture, PlaceInInput.Centers(size.Height, 0, size.Height), PlaceInInput.Centers(size.Width, 0, size.Width));
    }

    /// <summary>As <see cref="ToPixels"/>, at any positions: [rows, columns] values. A position is in pixels from the input's top or left edge.</summary>
    internal static float[] At(ReadOnlySpan<float> map, VisionTransformerArchitecture architecture, float[] rowPositions, float[] columnPositions)
    {
        var grid = architecture.Grid;
        float[] unit = ToUnit(map);
        var rows = Taps(rowPositions, grid.Height, architecture.PatchSize.Height, architecture.Stride.Height);
        var columns = Taps(columnPositions, grid.Width, architecture.PatchSize.Width, architecture.Stride.Width);
        float[] values = new float[rows.Length * columns.Length];
        for (int y = 0; y < rows.Length; y++)
        {
            var (top, bottom, down) = rows[y];
            for (int x = 0; x < columns.Length; x++)
            {
                var (left, right, along) = columns[x];
                float above = float.Lerp(unit[top * grid.Width + left], unit[top * grid.Width + right], along);
                float below = float.Lerp(unit[bottom * grid.Width + left], unit[bottom * grid.Width + right], along);
                values[y * columns.Length + x] = float.Lerp(above, below, down);
            }
        }

        return values;
    }

    private static float[] ToUnit(ReadOnlySpan<float> map)
    {
        float min = float.PositiveInfinity, max = float.NegativeInfinity;
        foreach (float value in map)
            (min, max) = (Math.Min(min, value), Math.Max(max, value));
        float[] unit = new float[map.Length];
        for (int i = 0; i < unit.Length && max > min; i++)
            unit[i] = (map[i] - min) / (max - min);
        return unit;
    }

    /// <summary>For each position along a side, the two patches around it and the interpolation fraction between them.</summary>
    private static (int From, int To, float Fraction)[] Taps(float[] positions, int patches, int kernel, int stride)
    {
        var taps = new (int, int, float)[positions.Length];
        for (int p = 0; p < taps.Length; p++)
        {
            float position = Math.Clamp((positions[p] - kernel / 2f) / stride, 0, patches - 1);
            int from = (int)position;
            taps[p] = (from, Math.Min(from + 1, patches - 1), position - from);
        }

        return taps;
    }
}
