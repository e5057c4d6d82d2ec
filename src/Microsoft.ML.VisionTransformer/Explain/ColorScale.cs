// Colors for numbers, from dark to light.
namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>
/// Black through violet, red and orange to pale yellow, as glowing metal goes: lightness grows evenly (CIE L* about 2, 24, 49, 73, 97 at the control
/// points), so that the order of values shows in gray and to color-blind eyes too. Between control points sRGB values are interpolated linearly.
/// </summary>
internal static class ColorScale
{
    private static readonly (float Red, float Green, float Blue)[] _controlPoints =
        [(10, 6, 24), (96, 20, 110), (207, 64, 72), (250, 160, 44), (255, 248, 190)];

    /// <summary>The color of a value in [0, 1], channels in [0, 255].</summary>
    internal static (float Red, float Green, float Blue) Of(float value)
    {
        float place = Math.Clamp(value, 0, 1) * (_controlPoints.Length - 1);
        int below = Math.Min((int)place, _controlPoints.Length - 2);
        float share = place - below;
        var (from, to) = (_controlPoints[below], _controlPoints[below + 1]);
        return (float.Lerp(from.Red, to.Red, share), float.Lerp(from.Green, to.Green, share), float.Lerp(from.Blue, to.Blue, share));
    }
}
