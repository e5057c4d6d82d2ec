// Mixup and cutmix: mixes each image of a batch with another image of the same batch.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// timm's <c>Mixup</c> in batch mode: one lambda and one rectangle for the whole batch; image i is mixed with image n - 1 - i. Mixup
/// (arXiv:1710.09412): lambda x_i + (1 - lambda) x_j. Cutmix (arXiv:1905.04899): a rectangle of about 1 - lambda of the area comes from x_j, and
/// lambda becomes the fraction of the area outside it. lambda is drawn from Beta(alpha, alpha).
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

    /// <summary>Mixes a batch in place and returns lambda, the weight of each image's own label; 1 if the batch is unchanged.</summary>
    /// <param name="inputs">[<paramref name="count"/>, channels, height, width].</param>
    /// <param name="count">Number of images in the batch.</param>
    /// <param name="random">The random stream of this batch and epoch.</param>
    internal double Mix(Span<float> inputs, int count, RandomStream random)
    {
        if (!_settings.Mixes || random.NextDouble() >= _settings.MixProbability)
            return 1;
        bool cut = _settings.CutmixAlpha > 0 && (_settings.MixupAlpha == 0 || random.NextDouble() < _settings.CutmixProbability);
        double alpha = cut ? _settings.CutmixAlpha : _settings.MixupAlpha, lambda = BetaDistribution.Next(random, alpha, alpha);
        if (!cut)
        {
            Mixup(inputs, count, lambda);
            return lambda;
        }

        var area = DrawArea(lambda, random);
        Cutmix(inputs, count, area);
        return 1 - (double)(area.Width * area.Height) / (_height * _width);
    }

    /// <summary>lambda x_i + (1 - lambda) x_j in float32, for all pairs.</summary>
    internal static void Mixup(Span<float> inputs, int count, double lambda)
    {
        float own = (float)lambda, other = (float)(1 - lambda);
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

    /// <summary>Swaps the rectangle between the two images of each pair.</summary>
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

    /// <summary>A rectangle with the image's aspect ratio around a random pixel, clipped to the image.</summary>
    internal PixelArea DrawArea(double lambda, RandomStream random)
    {
        double ratio = Math.Sqrt(1 - lambda);
        int halfHeight = (int)(_height * ratio) / 2, halfWidth = (int)(_width * ratio) / 2;
        int y = random.NextInt(_height), x = random.NextInt(_width);
        int top = Math.Max(0, y - halfHeight), left = Math.Max(0, x - halfWidth);
        return new PixelArea(left, top, Math.Min(_width, x + halfWidth) - left, Math.Min(_height, y + halfHeight) - top);
    }
}
