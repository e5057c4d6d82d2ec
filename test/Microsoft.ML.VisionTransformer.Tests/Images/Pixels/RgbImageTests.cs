// Copies of ML.NET's MLImage.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Pixels;

[TestClass]
public sealed class RgbImageTests
{
    [TestMethod]
    [DataRow(MLPixelFormat.Rgba32, new byte[] { 1, 2, 3, 5, 6, 7 })]
    [DataRow(MLPixelFormat.Bgra32, new byte[] { 3, 2, 1, 7, 6, 5 })]
    public void AnMLImageIsCopiedToRedGreenBlue(MLPixelFormat format, byte[] expected)
    {
        using var image = MLImage.CreateFromPixels(2, 1, format, [1, 2, 3, 255, 5, 6, 7, 255]);
        CollectionAssert.AreEqual(expected, RgbImage.From(image, "image").Pixels);
    }

    [TestMethod]
    public void PixelsThatDoNotFillTheImageAreRefused() => Assert.ThrowsExactly<ArgumentException>(() => new RgbImage(3, 2, new byte[17]));
}
