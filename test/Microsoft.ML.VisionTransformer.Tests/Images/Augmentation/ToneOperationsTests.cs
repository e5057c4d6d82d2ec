// Operations that use a lookup table, with expected values computed by hand.
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class ToneOperationsTests
{
    [TestMethod]
    public void InvertGivesTheNegative() => AssertGray([255, 155, 0], Invert.Of(PaintedImage.GrayRow(0, 100, 255)));

    [TestMethod]
    [DataRow(8, 255, 129, 17, 1)]
    [DataRow(4, 240, 128, 16, 0)]
    [DataRow(1, 128, 128, 0, 0)]
    [DataRow(0, 0, 0, 0, 0)]
    public void PosterizeKeepsTheHighestBits(int bits, params int[] expected) =>
        AssertGray(expected, Posterize.Of(PaintedImage.GrayRow(255, 129, 17, 1), bits));

    [TestMethod]
    [DataRow(128.0, 0, 127, 127, 0)]
    [DataRow(256.0, 0, 127, 128, 255)]
    [DataRow(0.0, 255, 128, 127, 0)]
    [DataRow(127.5, 0, 127, 127, 0)]
    public void SolarizeInvertsFromTheThresholdOn(double threshold, params int[] expected) =>
        AssertGray(expected, Solarize.Of(PaintedImage.GrayRow(0, 127, 128, 255), threshold));

    [TestMethod]
    public void SolarizeAddBrightensTheDarkHalf() => AssertGray([110, 237, 128, 255], SolarizeAdd.Of(PaintedImage.GrayRow(0, 127, 128, 255), 110));

    [TestMethod]
    public void SolarizeAddStopsAtWhite() => AssertGray([128, 255], SolarizeAdd.Of(PaintedImage.GrayRow(0, 127), 128));

    [TestMethod]
    public void AutoContrastStretchesToTheWholeRangeRoundingDown() =>
        AssertGray([0, 7, 255], AutoContrast.Of(PaintedImage.GrayRow(10, 13, 112)));    // 2.5 (value - 10)

    [TestMethod]
    public void AutoContrastTreatsEachChannelAlone()
    {
        var image = new RgbImage(2, 1, [10, 7, 255, 61, 7, 0]);

        CollectionAssert.AreEqual(new byte[] { 0, 7, 255, 255, 7, 0 }, AutoContrast.Of(image).Pixels);
    }

    [TestMethod]
    public void EqualizeSpreadsByTheShareOfDarkerPixels()
    {
        // 600 pixels, 90 of which have the highest value: step (600 - 90) / 255 = 2, starting at 1: 1/2, 301/2, 511/2.
        var image = PaintedImage.GrayRow([.. Enumerable.Repeat<byte>(10, 300), .. Enumerable.Repeat<byte>(20, 210), .. Enumerable.Repeat<byte>(200, 90)]);

        var equal = Equalize.Of(image);

        Assert.AreEqual(0, equal.Pixels[0]);
        Assert.AreEqual(150, equal.Pixels[3 * 300]);
        Assert.AreEqual(255, equal.Pixels[^1]);
    }

    [TestMethod]
    public void EqualizeStopsAtWhite()
    {
        var image = PaintedImage.GrayRow([.. Enumerable.Repeat<byte>(10, 400), 200]);    // step 1; 400 pixels are darker

        Assert.AreEqual(255, Equalize.Of(image).Pixels[^1]);
    }

    [TestMethod]
    [DataRow(5, 5, 5)]
    [DataRow(5, 6, 7)]
    public void EqualizeLeavesFewOrEqualPixels(params int[] values) => AssertGray(values, Equalize.Of(PaintedImage.GrayRow([.. values.Select(v => (byte)v)])));

    private static void AssertGray(int[] expected, RgbImage found) =>
        CollectionAssert.AreEqual(PaintedImage.GrayRow([.. expected.Select(v => (byte)v)]).Pixels, found.Pixels);
}
