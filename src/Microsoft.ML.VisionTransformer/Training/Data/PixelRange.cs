// Warns when pixels were not scaled, a common mistake with ExtractPixels: training runs, but badly.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Training.Data;

internal static class PixelRange
{
    private const int RowsToCheck = 16;

    /// <summary>Normalized pixels are within a few units of 0; raw bytes go up to 255.</summary>
    private const float UnscaledAbove = 20;

    internal static void WarnIfUnscaled(TrainingRow[] rows, ImagePreprocessing preprocessing, Action<string> warn)
    {
        var converter = new ImagePreprocessor(preprocessing);
        float[] pixels = new float[converter.Length];
        float largest = 0;
        foreach (var row in rows.AsSpan(0, Math.Min(RowsToCheck, rows.Length)))
        {
            row.Image.Fill(converter, null, pixels);
            largest = Math.Max(largest, pixels.Max(Math.Abs));
        }

        if (largest > UnscaledAbove)
        {
            warn(string.Create(
                CultureInfo.InvariantCulture,
                $"The pixels go up to {largest}; a Vision Transformer learns best from values from about -1 to 1. Use ExtractPixels(..., offsetImage: 127.5f, scaleImage: 1 / 127.5f), or give the trainer the images and let it scale them."));
        }
    }
}
