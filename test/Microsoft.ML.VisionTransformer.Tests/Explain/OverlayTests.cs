// Overlays: the order of colors, the upsampling of maps to the patch positions, and light colors for high values.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Tests.Explain;

[TestClass]
public sealed class OverlayTests
{
    private static readonly VisionTransformerArchitecture _architecture = new() { ImageSize = (4, 6), PatchSize = 2 };

    [TestMethod]
    public void ColorsGetLighterAllAlong()
    {
        double last = -1;
        for (int i = 0; i <= 100; i++)
        {
            var (red, green, blue) = ColorScale.Of(i / 100f);
            double lightness = Lightness(red, green, blue);
            Assert.IsGreaterThan(last, lightness, $"at {i} %");
            Assert.AreEqual(2 + 95 * i / 100.0, lightness, 2, $"at {i} %");
            last = lightness;
        }
    }

    [TestMethod]
    public void AMapIsBilinearBetweenTheCentresOfPatches()
    {
        // Patch centers are at 1, 3 and 5; pixel centers at 0.5, 1.5, ...
        float[] pixels = MapUpsampling.ToPixels([0, 4, 8, 0, 4, 8], _architecture);

        float[] row = [0, 0.125f, 0.375f, 0.625f, 0.875f, 1];
        CollectionAssert.AreEqual((float[])[.. row, .. row, .. row, .. row], pixels);
    }

    [TestMethod]
    public void OverlappingPatchesHaveTheirOwnCentres()
    {
        // Patches of 4 every 2 pixels: centers at 2 and 4 in a row of 6.
        var overlapping = new VisionTransformerArchitecture { ImageSize = (4, 6), PatchSize = 4, PatchStride = 2 };

        float[] pixels = MapUpsampling.ToPixels([1, 3], overlapping);

        CollectionAssert.AreEqual(new[] { 0, 0, 0.25f, 0.75f, 1, 1 }, pixels[..6]);
    }

    [TestMethod]
    public void AMapOfOneNumberIsDarkAllOver()
    {
        CollectionAssert.AreEqual(new float[24], MapUpsampling.ToPixels([7, 7, 7, 7, 7, 7], _architecture));
    }

    [TestMethod]
    public void AnOverlayIsLightWhereTheMapIsHigh()
    {
        byte[] gray = new byte[6 * 4 * 3];
        Array.Fill(gray, (byte)128);
        var image = new RgbImage(6, 4, gray);

        var drawn = Overlay.Draw(image, [0, 0, 1, 0, 0, 0], _architecture);

        Assert.AreEqual(6, drawn.Width);
        Assert.AreEqual(4, drawn.Height);
        Assert.IsGreaterThan(128, (int)drawn.Row(0)[5 * 3]);
        Assert.IsLessThan(128, (int)drawn.Row(0)[0]);
        Assert.IsTrue(gray.All(v => v == 128), "the image was modified");
    }

    /// <summary>CIE L* of an sRGB color.</summary>
    private static double Lightness(float red, float green, float blue)
    {
        double y = 0.2126 * Linear(red) + 0.7152 * Linear(green) + 0.0722 * Linear(blue);
        return y > 216.0 / 24389 ? 116 * Math.Cbrt(y) - 16 : y * 24389 / 27;
    }

    private static double Linear(float value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : Math.Pow((value / 255 + 0.055) / 1.055, 2.4);
}
