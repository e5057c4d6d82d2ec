// Spreads numbers of patches over the pixels.
namespace Microsoft.ML.VisionTransformer.Explain;

internal static class MapUpsampling
{
    /// <summary>
    /// A map [rows, columns] over patches to [height, width] over pixels, bilinear between the centres of the patches, wherever stride and kernel put
    /// them; outside of the outermost centres the nearest value goes on. Values are moved to [0, 1] first: smallest to 0, largest to 1, and all to 0 where
    /// they are the same.
    /// </summary>
    internal static float[] ToPixels(ReadOnlySpan<float> map, VisionTransformerArchitecture architecture)
    {
        var (grid, size) = (architecture.Grid, architecture.ImageSize);
        float[] unit = ToUnit(map);
        var rows = Taps(size.Height, grid.Height, architecture.PatchSize.Height, architecture.Stride.Height);
        var columns = Taps(size.Width, grid.Width, architecture.PatchSize.Width, architecture.Stride.Width);
        float[] pixels = new float[size.Height * size.Width];
        for (int y = 0; y < size.Height; y++)
        {
            var (top, bottom, down) = rows[y];
            for (int x = 0; x < size.Width; x++)
            {
                var (left, right, along) = columns[x];
                float above = float.Lerp(unit[top * grid.Width + left], unit[top * grid.Width + right], along);
                float below = float.Lerp(unit[bottom * grid.Width + left], unit[bottom * grid.Width + right], along);
                pixels[y * size.Width + x] = float.Lerp(above, below, down);
            }
        }

        return pixels;
    }

    private static float[] ToUnit(ReadOnlySpan<float> map)
    {
        float least = float.PositiveInfinity, most = float.NegativeInfinity;
        foreach (float value in map)
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        float[] unit = new float[map.Length];
        for (int i = 0; i < unit.Length && most > least; i++)
            unit[i] = (map[i] - least) / (most - least);
        return unit;
    }

    /// <summary>For each pixel of a side the two patches around its centre, and how far from the first to the second it is.</summary>
    private static (int From, int To, float Share)[] Taps(int pixels, int patches, int kernel, int stride)
    {
        var taps = new (int, int, float)[pixels];
        for (int p = 0; p < pixels; p++)
        {
            float place = Math.Clamp((p + 0.5f - kernel / 2f) / stride, 0, patches - 1);
            int from = (int)place;
            taps[p] = (from, Math.Min(from + 1, patches - 1), place - from);
        }

        return taps;
    }
}
