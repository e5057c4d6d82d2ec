// Mixup and cutmix: each image of a batch gets a part of another one.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// timm's <c>Mixup</c> in batch mode: one share lambda and one rectangle for the whole batch; image i is mixed with image n - 1 - i. Mixup
/// (arXiv:1710.09412): lambda x_i + (1 - lambda) x_j. Cutmix (arXiv:1905.04899): a rectangle of about 1 - lambda of the area comes from x_j, and
/// lambda becomes the share of the area that did not. lambda is drawn from Beta(alpha, alpha).
/// </summary>
internal sealed class BatchMixing
{
    private readonly TrainingAugmentations _settings;
    private readonly int _height;
    private readonly int _width;

    /// <param name="settings">Alphas and probabilities.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    internal BatchMixing(TrainingAugmentations settings, int height, int width) => (_settings, _height, _width) = (settings, height, width);

    /// <summary>Mixes a batch in place and returns lambda, the share of each image's own label; 1 where the batch stays as it is.</summary>
    /// <param name="inputs">[<paramref name="count"/>, channels, height, width].</param>
    /// <param name="count">Images of the batch.</param>
    /// <param name="random">The random numbers of this batch and epoch.</param>
    internal double Mix(Span<float> inputs, int count, RandomStream random)
    {
        if (!_settings.Mixes || random.NextDouble() >= _settings.MixProbability)
            return 1;
        bool cut = _settings.CutmixAlpha > 0 && (_settings.MixupAlpha == 0 || random.NextDouble() < _settings.CutmixProbability);
        double alpha = cut ? _settings.CutmixAlpha : _settings.MixupAlpha, fraction = BetaDistribution.Next(random, alpha, alpha);
        if (!cut)
        {
            Mixup(inputs, count, fraction);
            return fraction;
        }

        var area = DrawArea(fraction, random);
        Cutmix(inputs, count, area);
        return 1 - (double)(area.Width * area.Height) / (_height * _width);
    }

    /// <summary>share x_i + (1 - share) x_j in float32, for all pairs.</summary>
    internal static void Mixup(Span<float> inputs, int count, double fraction)
    {
        float own = (float)fraction, other = (float)(1 - fraction);
        int length = inputs.Length / count;
        for (int i = 0, j = count - 1; i <= j; i++, j--)
        {
            var (first, second) = (i * length, j * length);
            for (int at = 0; at < length; at++)
            {
                float x = inputs[first + at], y = inputs[second + at];
                inputs[first + at] = x * own + y * other;
                inputs[second + at] = y * own + x * other;
            }
        }
    }

    /// <summary>Swaps the rectangle between the two images of all pairs.</summary>
    internal void Cutmix(Span<float> inputs, int count, PixelArea area)
    {
        int plane = _height * _width, length = inputs.Length / count;
        float[] kept = new float[area.Width];
        for (int i = 0, j = count - 1; i < j; i++, j--)
        {
            for (int channel = 0; channel < length; channel += plane)
            {
                for (int y = area.Top; y < area.Top + area.Height; y++)
                {
                    var first = inputs.Slice(i * length + channel + y * _width + area.Left, area.Width);
                    var second = inputs.Slice(j * length + channel + y * _width + area.Left, area.Width);
                    first.CopyTo(kept);
                    second.CopyTo(first);
                    kept.CopyTo(second);
                }
            }
        }
    }

    /// <summary>A rectangle of the image's ratio around a random pixel, cut off where it leaves the image.</summary>
    internal PixelArea DrawArea(double fraction, RandomStream random)
    {
        double ratio = Math.Sqrt(1 - fraction);
        int halfHeight = (int)(_height * ratio) / 2, halfWidth = (int)(_width * ratio) / 2;
        int y = random.NextInt(_height), x = random.NextInt(_width);
        int top = Math.Max(0, y - halfHeight), left = Math.Max(0, x - halfWidth);
        return new PixelArea(left, top, Math.Min(_width, x + halfWidth) - left, Math.Min(_height, y + halfHeight) - top);
    }
}
