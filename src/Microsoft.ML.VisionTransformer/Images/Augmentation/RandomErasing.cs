// Overwrites random rectangles of a normalized image.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// Random erasing (arXiv:1708.04896) as timm's <c>RandomErasing</c>, after normalization: with the given probability 1 to n rectangles, each with
/// a fraction of the area uniform between the bounds, divided by their number, and a log-uniform ratio of height to width. A rectangle that is not
/// smaller than the image is drawn again, at most ten times.
/// </summary>
internal sealed class RandomErasing(TrainingAugmentations settings)
{
    private const int MaxAttempts = 10;

    /// <summary>Erases rectangles of <paramref name="chw"/>, [channels, height, width].</summary>
    internal void Apply(Span<float> chw, int height, int width, RandomStream random)
    {
        if (settings.ErasingProbability == 0 || random.NextDouble() >= settings.ErasingProbability)
            return;
        int count = 1 + random.NextInt(settings.ErasingCount);
        for (int i = 0; i < count; i++)
        {
            if (Draw(height, width, count, random) is { } area)
                Fill(chw, height, width, area, random);
        }
    }

    private PixelArea? Draw(int height, int width, int count, RandomStream random)
    {
        double minimumLogRatio = Math.Log(settings.ErasingMinimumRatio);
        for (int i = 0; i < MaxAttempts; i++)
        {
            double area = random.NextDouble(settings.ErasingMinimumArea, settings.ErasingMaximumArea) * height * width / count;
            double ratio = Math.Exp(random.NextDouble(minimumLogRatio, -minimumLogRatio));
            int h = (int)Math.Round(Math.Sqrt(area * ratio)), w = (int)Math.Round(Math.Sqrt(area / ratio));
            if (w < width && h < height)
                return new PixelArea(random.NextInt(width - w + 1), random.NextInt(height - h + 1), w, h);
        }

        return null;
    }

    private void Fill(Span<float> chw, int height, int width, PixelArea area, RandomStream random)
    {
        for (int plane = 0; plane < chw.Length; plane += height * width)
        {
            float color = settings.ErasingFill == ErasingFill.Color ? (float)random.NextGaussian() : 0;
            for (int y = area.Top; y < area.Top + area.Height; y++)
            {
                var row = chw.Slice(plane + y * width + area.Left, area.Width);
                row.Fill(color);
                if (settings.ErasingFill == ErasingFill.Noise)
                    FillWithNoise(row, random);
            }
        }
    }

    private static void FillWithNoise(Span<float> row, RandomStream random)
    {
        foreach (ref float value in row)
            value = (float)random.NextGaussian();
    }
}
