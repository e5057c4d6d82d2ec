// The training crop: a random part of the picture, in a random aspect ratio.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// "Inception crop" (arXiv:1409.4842, section 6) as timm's <c>RandomResizedCropAndInterpolation</c>: a share of the area, uniform between the
/// bounds, and an aspect ratio, log-uniform between 3/4 and 4/3; after ten that do not fit, the largest middle part within the ratios.
/// </summary>
internal sealed class RandomResizedCrop
{
    private const int Tries = 10;
    private const double LeastRatio = 3.0 / 4, MostRatio = 4.0 / 3;

    private readonly double _leastArea;
    private readonly double _mostArea;

    /// <summary>Bounds of the share of the picture's area, 0 &lt; least &lt;= most &lt;= 1. Defaults are timm's.</summary>
    internal RandomResizedCrop(double leastArea = 0.08, double mostArea = 1)
    {
        _leastArea = Guard.Above(leastArea, 0);
        _mostArea = Guard.AtLeast(mostArea, leastArea);
        if (mostArea > 1)
            throw new ArgumentOutOfRangeException(nameof(mostArea), mostArea, "A crop cannot be larger than the picture: give at most 1.");
    }

    /// <summary>Draws the part of a picture of <paramref name="width"/> x <paramref name="height"/> pixels to keep.</summary>
    internal PixelArea Draw(int width, int height, RandomStream random)
    {
        for (int i = 0; i < Tries; i++)
        {
            double area = (double)width * height * random.NextDouble(_leastArea, _mostArea);
            double ratio = Math.Exp(random.NextDouble(Math.Log(LeastRatio), Math.Log(MostRatio)));
            double w = Math.Round(Math.Sqrt(area * ratio)), h = Math.Round(Math.Sqrt(area / ratio));
            if (w >= 1 && h >= 1 && w <= width && h <= height)
                return new PixelArea(random.NextInt(width - (int)w + 1), random.NextInt(height - (int)h + 1), (int)w, (int)h);
        }

        return Middle(width, height);
    }

    private static PixelArea Middle(int width, int height)
    {
        double ratio = (double)width / height;
        int w = ratio > MostRatio ? (int)Math.Round(height * MostRatio) : width;
        int h = ratio < LeastRatio ? (int)Math.Round(width / LeastRatio) : height;
        return new PixelArea((width - w) / 2, (height - h) / 2, w, h);
    }
}
