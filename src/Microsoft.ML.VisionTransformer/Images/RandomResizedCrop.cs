// The training crop: a random part of the picture, in a random aspect ratio.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// "Inception crop" (arXiv:1409.4842, section 6) as timm's <c>RandomResizedCropAndInterpolation</c>: a share of the area, uniform between the
/// bounds, and an aspect ratio, log-uniform between 3/4 and 4/3 or what is set; after ten that do not fit, the largest middle part within the ratios.
/// </summary>
internal sealed class RandomResizedCrop
{
    private const int Tries = 10;

    private readonly double _leastArea;
    private readonly double _mostArea;
    private readonly double _leastRatio;
    private readonly double _mostRatio;

    /// <summary>
    /// Bounds of the share of the picture's area, 0 &lt; least &lt;= most &lt;= 1, and the least ratio of width to height, in (0, 1], whose inverse is
    /// the greatest. Defaults are timm's.
    /// </summary>
    internal RandomResizedCrop(double leastArea = 0.08, double mostArea = 1, double leastRatio = 3.0 / 4)
    {
        _leastArea = Guard.Above(leastArea, 0);
        _mostArea = Guard.AtLeast(mostArea, leastArea);
        if (mostArea > 1)
            throw new ArgumentOutOfRangeException(nameof(mostArea), mostArea, "A crop cannot be larger than the picture: give at most 1.");
        _leastRatio = Guard.Above(leastRatio, 0);
        _mostRatio = 1 / leastRatio;
    }

    /// <summary>Draws the part of a picture of <paramref name="width"/> x <paramref name="height"/> pixels to keep.</summary>
    internal PixelArea Draw(int width, int height, RandomStream random)
    {
        for (int i = 0; i < Tries; i++)
        {
            double area = (double)width * height * random.NextDouble(_leastArea, _mostArea);
            double ratio = Math.Exp(random.NextDouble(Math.Log(_leastRatio), Math.Log(_mostRatio)));
            double w = Math.Round(Math.Sqrt(area * ratio)), h = Math.Round(Math.Sqrt(area / ratio));
            if (w >= 1 && h >= 1 && w <= width && h <= height)
                return new PixelArea(random.NextInt(width - (int)w + 1), random.NextInt(height - (int)h + 1), (int)w, (int)h);
        }

        return Middle(width, height);
    }

    private PixelArea Middle(int width, int height)
    {
        double ratio = (double)width / height;
        int w = ratio > _mostRatio ? (int)Math.Round(height * _mostRatio) : width;
        int h = ratio < _leastRatio ? (int)Math.Round(width / _leastRatio) : height;
        return new PixelArea((width - w) / 2, (height - h) / 2, w, h);
    }
}
