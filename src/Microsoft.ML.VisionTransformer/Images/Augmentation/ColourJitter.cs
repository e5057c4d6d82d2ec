// Random brightness, contrast, saturation and hue, in a random order.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// torchvision's <c>ColorJitter</c>: each factor uniform in [max(0, 1 - range), 1 + range), the hue in [-range, range) of a turn; what has a range
/// of 0 is left out.
/// </summary>
internal sealed class ColourJitter(TrainingAugmentations settings)
{
    private readonly (Func<RgbImage, double, RgbImage> Change, double Least, double Most)[] _steps = [.. Steps(settings)];

    internal bool ChangesNothing => _steps.Length == 0;

    internal RgbImage Apply(RgbImage image, RandomStream random)
    {
        int[] order = [.. Enumerable.Range(0, _steps.Length)];
        random.Shuffle(order.AsSpan());
        foreach (int step in order)
            image = _steps[step].Change(image, random.NextDouble(_steps[step].Least, _steps[step].Most));
        return image;
    }

    private static IEnumerable<(Func<RgbImage, double, RgbImage>, double, double)> Steps(TrainingAugmentations settings)
    {
        if (settings.BrightnessJitter > 0)
            yield return (Brightness.Of, Math.Max(0, 1 - settings.BrightnessJitter), 1 + settings.BrightnessJitter);
        if (settings.ContrastJitter > 0)
            yield return (Contrast.Of, Math.Max(0, 1 - settings.ContrastJitter), 1 + settings.ContrastJitter);
        if (settings.SaturationJitter > 0)
            yield return (Saturation.Of, Math.Max(0, 1 - settings.SaturationJitter), 1 + settings.SaturationJitter);
        if (settings.HueJitter > 0)
            yield return (Hue.Of, -settings.HueJitter, settings.HueJitter);
    }
}
