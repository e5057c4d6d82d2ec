// Notices pixels that were not scaled: a frequent slip with ExtractPixels that trains, but badly.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Logging;

namespace Microsoft.ML.VisionTransformer.Training;

internal static class PixelRange
{
    private const int RowsLookedAt = 16;

    /// <summary>Normalised pixels lie within a few units of 0; bytes as they come from an image go to 255.</summary>
    private const float Suspicious = 20;

    internal static void WarnIfUnscaled(TrainingRow[] rows, ImagePreprocessing preprocessing, TrainingLog report)
    {
        var converter = new ImagePreprocessor(preprocessing);
        float[] pixels = new float[converter.Length];
        float most = 0;
        foreach (var row in rows.AsSpan(0, Math.Min(RowsLookedAt, rows.Length)))
        {
            row.Image.Fill(converter, null, pixels);
            most = Math.Max(most, pixels.Max(Math.Abs));
        }

        if (most > Suspicious)
        {
            report.Warning(string.Create(
                CultureInfo.InvariantCulture,
                $"The pixels go up to {most}; a Vision Transformer learns best from about -1..1. Use ExtractPixels(..., offsetImage: 127.5f, scaleImage: 1 / 127.5f), or give the trainer the images and let it scale them."));
        }
    }
}
