// The Gaussian blur, on values for which the box sums are integers.
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class FiltersTests
{
    /// <summary>Three passes of (1, 1, 1) / 3 on 243: 9 times 1, 3, 6, 7, 6, 3, 1.</summary>
    private static readonly byte[] _blurred = [0, 9, 27, 54, 63, 54, 27, 9, 0];

    /// <summary>Deviation whose box has radius 1: 3 boxes of variance (3^2 - 1) / 12.</summary>
    private static readonly double _unitBox = Math.Sqrt(2);

    [TestMethod]
    public void ARowIsBlurredByThreeBoxes() =>
        CollectionAssert.AreEqual(PaintedImage.GrayRow(_blurred).Pixels, GaussianBlur.Of(PaintedImage.GrayRow(0, 0, 0, 0, 243, 0, 0, 0, 0), _unitBox).Pixels);

    [TestMethod]
    public void AColumnIsBlurredByThreeBoxes() =>
        CollectionAssert.AreEqual(PaintedImage.GrayColumn(_blurred).Pixels, GaussianBlur.Of(PaintedImage.GrayColumn(0, 0, 0, 0, 243, 0, 0, 0, 0), _unitBox).Pixels);

    [TestMethod]
    public void EdgePixelsRepeatOutside()
    {
        // 243 0 0 -> 162 81 0 -> 135 81 27 -> 117 81 45
        CollectionAssert.AreEqual(PaintedImage.GrayRow(117, 81, 45).Pixels, GaussianBlur.Of(PaintedImage.GrayRow(243, 0, 0), _unitBox).Pixels);
    }

    [TestMethod]
    [DataRow(0.0, 0f)]
    [DataRow(0.5, 1 / 22f)]     // length sqrt 2, whole 0, part (-3/12) / (6 (1/12 - 1))
    [DataRow(1.4142135, 1f)]
    public void ABoxHasTheGaussiansVariance(double deviation, float expected) => Assert.AreEqual(expected, GaussianBlur.BoxRadius((float)deviation), 1e-6);

    [TestMethod]
    [DataRow(0.1)]
    [DataRow(0.8)]
    [DataRow(2.0)]
    [DataRow(40.0)]
    public void AFlatImageStaysFlat(double deviation)
    {
        var flat = new RgbImage(7, 5, [.. Enumerable.Range(0, 35).SelectMany(_ => new byte[] { 255, 128, 1 })]);

        CollectionAssert.AreEqual(flat.Pixels, GaussianBlur.Of(flat, deviation).Pixels);
    }
}
