// Random colors, ranges and choices for drawing.
using SkiaSharp;

namespace QuickStart.Photos;

internal static class Palette
{
    /// <summary>A light or dark color of any hue.</summary>
    internal static SKColor Draw(Random random, bool light) =>
        SKColor.FromHsl(random.Between(0, 360), random.Between(10, 90), light ? random.Between(65, 90) : random.Between(10, 36));

    internal static float Between(this Random random, float from, float below) => from + (below - from) * random.NextSingle();

    internal static bool Chance(this Random random, double probability) => random.NextDouble() < probability;
}
