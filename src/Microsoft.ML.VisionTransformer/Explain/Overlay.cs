// Draws a map over the picture that it explains.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Explain;

internal static class Overlay
{
    /// <summary>Share of the map's colour where the map is lowest, and where it is highest.</summary>
    private const float LeastAlpha = 0.35f, MostAlpha = 0.7f;

    /// <summary>The picture, of the network's size, under the map's colours: the higher a value, the lighter and the denser its colour.</summary>
    internal static RgbImage Draw(RgbImage picture, ReadOnlySpan<float> map, VisionTransformerArchitecture architecture)
    {
        float[] values = MapUpsampling.ToPixels(map, architecture);
        var drawn = new RgbImage(picture.Width, picture.Height);
        for (int i = 0, at = 0; i < values.Length; i++, at += RgbImage.Channels)
        {
            var (red, green, blue) = ColourScale.Of(values[i]);
            float alpha = float.Lerp(LeastAlpha, MostAlpha, values[i]);
            drawn.Pixels[at] = Blend(picture.Pixels[at], red, alpha);
            drawn.Pixels[at + 1] = Blend(picture.Pixels[at + 1], green, alpha);
            drawn.Pixels[at + 2] = Blend(picture.Pixels[at + 2], blue, alpha);
        }

        return drawn;
    }

    private static byte Blend(byte picture, float colour, float alpha) => (byte)MathF.Round(float.Lerp(picture, colour, alpha));
}
