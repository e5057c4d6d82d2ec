// Overlays: the order of colors, the upsampling of maps to the patch positions, and light colors for high values.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

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

    [TestMethod]
    public void OnAPhotoTheMapIsWhereTheNetworkSawIt()
    {
        // Cropped to the middle 32 of 64 columns, at the size that is shown: inside the crop the picture is that of the network's input.
        var architecture = ShownExplanation.Architecture;
        var converter = new ImagePreprocessor(new ImagePreprocessing { Size = 32, CropFraction = 1 });
        var image = PaintedImage.Gradient(64, 32);
        var photo = new DecodedImageSource(image).Show(converter, longestSide: 64);

        var drawn = Overlay.DrawOnPhoto(photo, [0, 0, 0, 1], architecture);

        Assert.AreEqual(new PlaceInInput(-16, 0, 64, 32), photo.Place);
        Assert.IsTrue(Overlay.IsCropped(photo, architecture));
        var seen = Overlay.Draw(converter.Fit(image), [0, 0, 0, 1], architecture);
        for (int y = 0; y < 32; y++)
        {
            CollectionAssert.AreEqual(seen.Row(y).ToArray(), drawn.Row(y)[(16 * 3)..(48 * 3)].ToArray(), $"row {y}");
            foreach (int x in new[] { 0, 15, 48, 63 })
            {
                var pixel = drawn.Row(y).Slice(3 * x, 3);
                Assert.IsTrue(pixel[0] == pixel[1] && pixel[1] == pixel[2] && pixel[0] >= 0.65 * 255, $"({x}, {y}) is not faded");
            }
        }
    }

    [TestMethod]
    [DataRow(ImageResizing.Squash, 0, 0, 32, 32)]
    [DataRow(ImageResizing.Pad, 0, 8, 32, 16)]
    public void WithoutACropAllOfThePhotoIsSeen(ImageResizing resizing, int left, int top, int width, int height)
    {
        var converter = new ImagePreprocessor(new ImagePreprocessing { Size = 32, CropFraction = 1, Resizing = resizing });

        var photo = new DecodedImageSource(PaintedImage.Gradient(64, 32)).Show(converter, longestSide: 128);

        Assert.AreEqual(new PlaceInInput(left, top, width, height), photo.Place);
        Assert.IsFalse(Overlay.IsCropped(photo, ShownExplanation.Architecture));
        Assert.AreEqual((128, 64), (photo.Image.Width, photo.Image.Height));
    }

    [TestMethod]
    public void APhotoIsShownUpright()
    {
        // A JPEG of 40 x 20 with EXIF orientation 6: shown, it is 20 x 40.
        byte[] jpeg = PaintedImage.Encode(PaintedImage.Gradient(40, 20), SKEncodedImageFormat.Jpeg);
        byte[] exif = [0xFF, 0xE1, 0, 34, .. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
        var converter = new ImagePreprocessor(new ImagePreprocessing { Size = 32, CropFraction = 1 });

        var photo = new EncodedImageSource([.. jpeg[..2], .. exif, .. jpeg[2..]], "turned").Show(converter, longestSide: 80);

        Assert.AreEqual((40, 80), (photo.Image.Width, photo.Image.Height));
        Assert.AreEqual(new PlaceInInput(0, -16, 32, 64), photo.Place);
    }

    /// <summary>CIE L* of an sRGB color.</summary>
    private static double Lightness(float red, float green, float blue)
    {
        double y = 0.2126 * Linear(red) + 0.7152 * Linear(green) + 0.0722 * Linear(blue);
        return y > 216.0 / 24389 ? 116 * Math.Cbrt(y) - 16 : y * 24389 / 27;
    }

    private static double Linear(float value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : Math.Pow((value / 255 + 0.055) / 1.055, 2.4);
}
