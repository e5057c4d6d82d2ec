// The angles of rotary position embeddings.
namespace Microsoft.ML.VisionTransformer.Weights;

/// <summary>
/// Angles [patches, d / 2], patches row by row, for heads of width d: the first d / 4 depend on the row, the rest on the column. All arithmetic is float32,
/// because the published networks were trained with it.
/// </summary>
internal static class RotaryAngles
{
    /// <summary>The angles of a patch grid.</summary>
    internal static float[] Of(RotaryEmbedding rotary, ImageDimensions grid, int headDimension)
    {
        int bands = headDimension / 4;
        float[] angles = new float[grid.Height * grid.Width * 2 * bands];
        for (int row = 0; row < grid.Height; row++)
        {
            for (int column = 0; column < grid.Width; column++)
            {
                var patch = angles.AsSpan((row * grid.Width + column) * 2 * bands, 2 * bands);
                Fill(patch[..bands], rotary, row, grid.Height, rotary.ReferenceGrid?.Height);
                Fill(patch[bands..], rotary, column, grid.Width, rotary.ReferenceGrid?.Width);
            }
        }

        return angles;
    }

    private static void Fill(Span<float> angles, RotaryEmbedding rotary, int index, int count, int? reference)
    {
        for (int band = 0; band < angles.Length; band++)
        {
            angles[band] = rotary.Layout == RotaryLayout.Dinov3
                ? Dinov3(rotary.Temperature, index, count, band, angles.Length)
                : Eva02(rotary.Temperature, index, count, reference ?? count, band, angles.Length);
        }
    }

    /// <summary>position temperature^(-band / bands), with the position on the reference grid.</summary>
    private static float Eva02(double temperature, int index, int count, int reference, int band, int bands)
    {
        float position = (float)index / count * reference;
        return position * (1 / MathF.Pow((float)temperature, (float)band / bands));
    }

    /// <summary>2 pi position / temperature^(band / bands), with the position of the patch center in [-1, 1].</summary>
    private static float Dinov3(double temperature, int index, int count, int band, int bands)
    {
        float position = 2 * ((index + 0.5f) / count) - 1;
        return (float)(2 * Math.PI) * position / MathF.Pow((float)temperature, (float)band / bands);
    }
}
