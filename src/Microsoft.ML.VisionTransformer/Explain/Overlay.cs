// Draws a map over the picture that it explains.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Explain;

internal static class Overlay
{
    /// <summary>Share of the map's color where the map is lowest, and where it is highest.</summary>
    private const float LeastAlpha = 0.25f, MostAlpha = 0.75f;

    /// <summary>
    /// The picture, of the network's size, under the map's colors: the higher a value, the lighter and the denser its color. The picture itself is drawn
    /// in gray: an orange flower would look like a high value.
    /// </summary>
    internal static RgbImage Draw(RgbImage picture, ReadOnlySpan<float> map, VisionTransformerArchitecture architecture)
    {
        float[] values = MapUpsampling.ToPixels(map, architecture);
        var drawn = new RgbImage(picture.Width, picture.Height);
        for (int i = 0, at = 0; i < values.Length; i++, at += RgbImage.Channels)
        {
            var (red, green, blue) = ColorScale.Of(values[i]);
            float alpha = float.Lerp(LeastAlpha, MostAlpha, values[i]);
            byte gray = Luma.Of(picture.Pixels.AsSpan(at, RgbImage.Channels));
            (drawn.Pixels[at], drawn.Pixels[at + 1], drawn.Pixels[at + 2]) = (Blend(gray, red, alpha), Blend(gray, green, alpha), Blend(gray, blue, alpha));
        }

        return drawn;
    }

    private static byte Blend(byte gray, float color, float alpha) => (byte)MathF.Round(float.Lerp(gray, color, alpha));
}
