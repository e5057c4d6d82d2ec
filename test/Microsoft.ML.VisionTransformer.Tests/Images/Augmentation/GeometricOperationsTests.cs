// Rotations, shears and shifts of tiny images, checked pixel by pixel.
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class GeometricOperationsTests
{
    private const byte Fill = 99;

    [TestMethod]
    [DataRow(1.0, WarpKernel.Nearest, 99, 10, 20, 30)]
    [DataRow(1.0, WarpKernel.Bilinear, 99, 10, 20, 30)]
    [DataRow(1.0, WarpKernel.Bicubic, 99, 10, 20, 30)]
    [DataRow(-2.0, WarpKernel.Nearest, 30, 40, 99, 99)]
    [DataRow(0.5, WarpKernel.Bilinear, 10, 15, 25, 35)]     // the left half of the first pixel repeats it
    [DataRow(0.5, WarpKernel.Bicubic, 8, 13, 25, 36)]       // weights -1, 5, 5, -1 eighths, rounded down
    [DataRow(0.25, WarpKernel.Bilinear, 10, 17, 27, 37)]
    public void AShiftMovesRight(double right, object kernel, params int[] expected) =>
        AssertGray(expected, Warp(PaintedImage.GrayRow(10, 20, 30, 40), AffineMap.Translation(right, 0), (WarpKernel)kernel));

    [TestMethod]
    [DataRow(WarpKernel.Nearest)]
    [DataRow(WarpKernel.Bilinear)]
    [DataRow(WarpKernel.Bicubic)]
    public void AShiftMovesDown(object kernel) =>
        AssertGray([Fill, 10, 20], Warp(PaintedImage.GrayColumn(10, 20, 30), AffineMap.Translation(0, 1), (WarpKernel)kernel));

    [TestMethod]
    [DataRow(0.0, 1, 2, 3, 4)]
    [DataRow(90.0, 2, 4, 1, 3)]
    [DataRow(180.0, 4, 3, 2, 1)]
    [DataRow(-90.0, 3, 1, 4, 2)]
    public void ARightAngleTurnsCounterClockwiseExactly(double degrees, params int[] expected)
    {
        var image = Square(2, 1, 2, 3, 4);
        foreach (var kernel in Enum.GetValues<WarpKernel>())
            AssertGray(expected, Warp(image, AffineMap.Rotation(degrees, 2, 2), kernel));
    }

    [TestMethod]
    public void ATurnedRowLeavesItsMiddle() => AssertGray([Fill, 2, Fill], Warp(PaintedImage.GrayRow(1, 2, 3), AffineMap.Rotation(90, 3, 1), WarpKernel.Nearest));

    [TestMethod]
    public void AFullPixelShearMovesEachRowFurtherLeft()
    {
        // The center of row y is y + 1/2 pixels further right in the source.
        AssertGray([2, 3, Fill, 6, Fill, Fill, Fill, Fill, Fill], Warp(Square(3, 1, 2, 3, 4, 5, 6, 7, 8, 9), AffineMap.ShearX(1), WarpKernel.Nearest));
    }

    [TestMethod]
    public void AShearOfColumnsMovesEachHigher() =>
        AssertGray([4, 8, Fill, 7, Fill, Fill, Fill, Fill, Fill], Warp(Square(3, 1, 2, 3, 4, 5, 6, 7, 8, 9), AffineMap.ShearY(1), WarpKernel.Nearest));

    [TestMethod]
    public void ChannelsStayApart()
    {
        var image = new RgbImage(2, 1, [1, 2, 3, 4, 5, 6]);

        var found = AffineWarp.Of(image, AffineMap.Translation(1, 0), WarpKernel.Bicubic, new FillColor(7, 8, 9));

        CollectionAssert.AreEqual(new byte[] { 7, 8, 9, 1, 2, 3 }, found.Pixels);
    }

    [TestMethod]
    public void TheMeanColorFills()
    {
        Assert.AreEqual(new FillColor(124, 116, 104), FillColor.MeanOf(new() { Mean = new(0.485f, 0.456f, 0.406f), StandardDeviation = new(1f, 1f, 1f) }));
        Assert.AreEqual(new FillColor(128, 128, 128), FillColor.MeanOf(new() { Mean = new(0.5f), StandardDeviation = new(0.5f) }));
    }

    private static RgbImage Warp(RgbImage image, AffineMap map, WarpKernel kernel) => AffineWarp.Of(image, map, kernel, new FillColor(Fill, Fill, Fill));

    private static RgbImage Square(int side, params byte[] values) => new(side, side, [.. values.SelectMany(v => new[] { v, v, v })]);

    private static void AssertGray(int[] expected, RgbImage found) => CollectionAssert.AreEqual(expected, found.Pixels.Where((_, i) => i % 3 == 0).Select(p => (int)p).ToArray());
}
