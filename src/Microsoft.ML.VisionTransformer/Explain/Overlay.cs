// Draws a map over the picture that it explains.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Explain;

internal static class Overlay
{
    /// <summary>Share of the map's colour where the map is lowest, and where it is highest.</summary>
    private const float LeastAlpha = 0.25f, MostAlpha = 0.75f;

    /// <summary>
    /// The picture, of the network's size, under the map's colours: the higher a value, the lighter and the denser its colour. The picture itself is drawn
    /// in grey: an orange flower would look like a high value.
    /// </summary>
    internal static RgbImage Draw(RgbImage picture, ReadOnlySpan<float> map, VisionTransformerArchitecture architecture)
    {
        float[] values = MapUpsampling.ToPixels(map, architecture);
        var drawn = new RgbImage(picture.Width, picture.Height);
        for (int i = 0, at = 0; i < values.Length; i++, at += RgbImage.Channels)
        {
            var (red, green, blue) = ColourScale.Of(values[i]);
            float alpha = float.Lerp(LeastAlpha, MostAlpha, values[i]);
            byte grey = Luma.Of(picture.Pixels.AsSpan(at, RgbImage.Channels));
            (drawn.Pixels[at], drawn.Pixels[at + 1], drawn.Pixels[at + 2]) = (Blend(grey, red, alpha), Blend(grey, green, alpha), Blend(grey, blue, alpha));
        }

        return drawn;
    }

    private static byte Blend(byte grey, float colour, float alpha) => (byte)MathF.Round(float.Lerp(grey, colour, alpha));
}
