// Resizing, with expected values computed by hand.
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Resampling;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Resampling;

[TestClass]
public sealed class ImageResamplerTests
{
    [TestMethod]
    [DataRow(new byte[] { 10, 20 }, new byte[] { 15 }, DisplayName = "halving takes the mean")]
    [DataRow(new byte[] { 10, 21 }, new byte[] { 16 }, DisplayName = "a half is rounded up")]
    [DataRow(new byte[] { 0, 200 }, new byte[] { 0, 50, 150, 200 }, DisplayName = "doubling: weights 1; 3/4, 1/4; ...")]
    public void Bilinear_Row(byte[] source, byte[] expected) => AssertBothWays(source, expected, ImageInterpolation.Bilinear);

    [TestMethod]
    public void Bicubic_Doubling_OvershootsAndIsClamped()
    {
        // k(1/4) = 0.8671875, k(3/4) = 0.2265625, k(5/4) = -0.0703125: 200 * 0.2265625 / 1.09375 = 41.4, 200 * 0.8671875 / 0.796875 = 217.6.
        AssertBothWays([0, 200], [0, 41, 159, 218], ImageInterpolation.Bicubic);
    }

    [TestMethod]
    public void Lanczos_Doubling_OvershootsAndIsClamped()
    {
        // L(1/4) = 0.89007, L(3/4) = 0.27019, L(5/4) = -0.13287, with L(x) = sinc(x) sinc(x / 3); divided by the sum of the two weights in use.
        AssertBothWays([0, 200], [0, 47, 153, 235], ImageInterpolation.Lanczos);
    }

    [TestMethod]
    [DataRow(ImageInterpolation.Bilinear)]
    [DataRow(ImageInterpolation.Bicubic)]
    [DataRow(ImageInterpolation.Lanczos)]
    public void OneColorStaysThatColor(ImageInterpolation kernel)
    {
        var image = new RgbImage(37, 23);
        Array.Fill(image.Pixels, (byte)201);
        foreach (var (width, height) in new[] { (5, 7), (101, 67), (37, 11), (41, 23) })
            Assert.IsTrue(ImageResampler.Resize(image, width, height, kernel).Pixels.All(p => p == 201), $"{width}x{height}");
    }

    [TestMethod]
    [DataRow(ImageInterpolation.Bilinear)]
    [DataRow(ImageInterpolation.Bicubic)]
    [DataRow(ImageInterpolation.Lanczos)]
    public void TheSameSizeIsTheSameImage(ImageInterpolation kernel)
    {
        var image = PaintedImage.Gradient(37, 23);
        CollectionAssert.AreEqual(image.Pixels, ImageResampler.Resize(image, 37, 23, kernel).Pixels);
    }

    [TestMethod]
    [DataRow(53, 31, DisplayName = "both sides change")]
    [DataRow(41, 19, DisplayName = "the width stays")]
    [DataRow(29, 29, DisplayName = "the height stays")]
    public void AWindowIsThatPartOfTheWhole(int width, int height)
    {
        var image = PaintedImage.Gradient(41, 29);
        var whole = ImageResampler.Resize(image, width, height, ImageInterpolation.Bicubic);

        var window = ImageResampler.Resize(image, image.Area, new(width, 11, 17), new(height, 5, 13), ImageInterpolation.Bicubic);

        AssertSame(Cut(whole, new PixelArea(11, 5, 17, 13)), window);
    }

    [TestMethod]
    public void APartIsCutOutBeforeItIsResized()
    {
        var image = PaintedImage.Gradient(41, 29);
        var area = new PixelArea(7, 3, 19, 23);
        var expected = ImageResampler.Resize(Cut(image, area), 13, 47, ImageInterpolation.Lanczos);

        AssertSame(expected, ImageResampler.Resize(image, area, ResizedSide.Whole(13), ResizedSide.Whole(47), ImageInterpolation.Lanczos));
    }

    private static void AssertBothWays(byte[] source, byte[] expected, ImageInterpolation kernel)
    {
        var row = ImageResampler.Resize(PaintedImage.GrayRow(source), expected.Length, 1, kernel);
        var column = ImageResampler.Resize(PaintedImage.GrayColumn(source), 1, expected.Length, kernel);
        CollectionAssert.AreEqual(PaintedImage.GrayRow(expected).Pixels, row.Pixels, string.Join(", ", row.Pixels));
        CollectionAssert.AreEqual(row.Pixels, column.Pixels, "as a column");
    }

    private static RgbImage Cut(RgbImage image, PixelArea area)
    {
        var part = new RgbImage(area.Width, area.Height);
        for (int y = 0; y < area.Height; y++)
            image.Row(area.Top + y).Slice(area.Left * 3, area.Width * 3).CopyTo(part.Row(y));
        return part;
    }

    private static void AssertSame(RgbImage expected, RgbImage actual)
    {
        Assert.AreEqual((expected.Width, expected.Height), (actual.Width, actual.Height));
        CollectionAssert.AreEqual(expected.Pixels, actual.Pixels);
    }
}
