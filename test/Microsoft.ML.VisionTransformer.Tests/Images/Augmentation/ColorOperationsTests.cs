// Brightness, contrast, saturation, hue and grayscale, with expected values computed by hand.
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class ColorOperationsTests
{
    [TestMethod]
    [DataRow(0.5, 0, 50, 127)]
    [DataRow(0.0, 0, 0, 0)]
    [DataRow(1.0, 0, 101, 255)]
    [DataRow(2.0, 0, 202, 255)]
    public void BrightnessMultipliesAndRoundsDown(double factor, params int[] expected) =>
        AssertPixels(Gray(expected), Brightness.Of(PaintedImage.GrayRow(0, 101, 255), factor));

    [TestMethod]
    [DataRow(0.5, 50, 100, 150)]
    [DataRow(0.0, 100, 100, 100)]
    [DataRow(2.0, 0, 100, 255)]
    public void ContrastMovesFromTheMeanGray(double factor, params int[] expected) =>
        AssertPixels(Gray(expected), Contrast.Of(PaintedImage.GrayRow(0, 100, 201), factor));    // mean 100.3

    [TestMethod]
    public void ContrastsMeanIsThatOfTheLuma()
    {
        // Luma of pure red is 76, of pure green 150: the mean is 113.
        AssertPixels([113, 113, 113, 113, 113, 113], Contrast.Of(new RgbImage(2, 1, [255, 0, 0, 0, 255, 0]), 0));
    }

    [TestMethod]
    [DataRow(0.0, 124, 124, 124)]
    [DataRow(0.5, 162, 112, 87)]
    [DataRow(1.0, 200, 100, 50)]
    [DataRow(2.0, 255, 76, 0)]
    public void SaturationMovesFromTheGrayOfThePixel(double factor, params int[] expected) =>
        AssertPixels(expected, Saturation.Of(new RgbImage(1, 1, [200, 100, 50]), factor));    // 0.299 200 + 0.587 100 + 0.114 50 = 124.2

    [TestMethod]
    public void GrayscaleIsTheLuma() => AssertPixels([124, 124, 124, 76, 76, 76], Grayscale.Of(new RgbImage(2, 1, [200, 100, 50, 255, 0, 0])));

    [TestMethod]
    [DataRow(0.335, 0, 255, 0)]     // 85 of 255 steps: two sixths
    [DataRow(-0.335, 6, 0, 255)]    // 171 of 255: four sixths and 6/255
    [DataRow(0.5, 0, 255, 252)]     // 127: two sixths and 252/255
    [DataRow(0.0, 255, 0, 0)]
    public void HueTurnsRed(double turn, params int[] expected) => AssertPixels(expected, Hue.Of(new RgbImage(1, 1, [255, 0, 0]), turn));

    [TestMethod]
    public void HueLeavesGray() => AssertPixels([77, 77, 77, 0, 0, 0], Hue.Of(new RgbImage(2, 1, [77, 77, 77, 0, 0, 0]), 0.3));

    [TestMethod]
    public void HueKeepsTheLargestChannelsValue()
    {
        var image = PaintedImage.Gradient(23, 17);
        var turned = Hue.Of(image, 0.2);
        for (int i = 0; i < image.Pixels.Length; i += 3)
            Assert.AreEqual(image.Pixels[i..(i + 3)].Max(), turned.Pixels[i..(i + 3)].Max());
    }

    [TestMethod]
    [DataRow(10, 10, 10, 10, 140, 0.0, 60)]     // smooth (8 10 + 5 140) / 13 = 60
    [DataRow(10, 10, 10, 10, 140, 0.5, 100)]
    [DataRow(10, 10, 10, 10, 140, 2.0, 220)]
    [DataRow(10, 10, 10, 10, 22, 0.0, 15)]      // 190 / 13 = 14.6
    [DataRow(10, 20, 30, 40, 50, 0.0, 35)]      // (2 (10 + 20 + 30 + 40) + 250) / 13 = 34.6
    public void SharpnessMovesFromTheSmoothImage(int a, int b, int c, int d, int middle, double factor, int expected)
    {
        byte[] corners = [(byte)a, (byte)b, (byte)c, (byte)d, (byte)middle, (byte)a, (byte)b, (byte)c, (byte)d];
        var image = new RgbImage(3, 3, [.. corners.SelectMany(v => new[] { v, v, v })]);

        var found = Sharpness.Of(image, factor);

        Assert.AreEqual(expected, found.Row(1)[3]);
        CollectionAssert.AreEqual(image.Row(0).ToArray(), found.Row(0).ToArray());
        CollectionAssert.AreEqual(image.Row(2).ToArray(), found.Row(2).ToArray());
        CollectionAssert.AreEqual(image.Row(1)[..3].ToArray(), found.Row(1)[..3].ToArray());
    }

    [TestMethod]
    public void SharpnessLeavesImagesWithoutInnerPixels() =>
        CollectionAssert.AreEqual(PaintedImage.Gradient(2, 9).Pixels, Sharpness.Of(PaintedImage.Gradient(2, 9), 0).Pixels);

    [TestMethod]
    public void NoOperationChangesItsInput()
    {
        var image = PaintedImage.Gradient(13, 11);
        byte[] before = [.. image.Pixels];

        foreach (var operation in new Func<RgbImage, RgbImage>[]
        {
            Invert.Of, AutoContrast.Of, Equalize.Of, Grayscale.Of, Flip.UpsideDown, i => Posterize.Of(i, 1), i => Solarize.Of(i), i => SolarizeAdd.Of(i, 9),
            i => Brightness.Of(i, 2), i => Contrast.Of(i, 2), i => Saturation.Of(i, 2), i => Sharpness.Of(i, 2), i => Hue.Of(i, 0.1), i => GaussianBlur.Of(i, 2),
            i => AffineWarp.Of(i, AffineMap.ShearX(0.3), WarpKernel.Bicubic, default),
        })
        {
            operation(image);
            CollectionAssert.AreEqual(before, image.Pixels);
        }
    }

    private static int[] Gray(int[] values) => [.. values.SelectMany(v => new[] { v, v, v })];

    private static void AssertPixels(int[] expected, RgbImage found) => CollectionAssert.AreEqual(expected, found.Pixels.Select(p => (int)p).ToArray());
}
