// The eight EXIF orientations on an image of two rows of three pixels.
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class ExifOrientationTests
{
    [TestMethod]
    [DataRow(1, "123 456", DisplayName = "1: as stored")]
    [DataRow(2, "321 654", DisplayName = "2: mirrored left to right")]
    [DataRow(3, "654 321", DisplayName = "3: rotated by 180 degrees")]
    [DataRow(4, "456 123", DisplayName = "4: mirrored top to bottom")]
    [DataRow(5, "14 25 36", DisplayName = "5: rows become columns")]
    [DataRow(6, "41 52 63", DisplayName = "6: rotated clockwise")]
    [DataRow(7, "63 52 41", DisplayName = "7: rows become columns, from the other corner")]
    [DataRow(8, "36 25 14", DisplayName = "8: rotated counterclockwise")]
    public void TheUprightRowsOfThreeByTwo(int orientation, string expected)
    {
        byte[] rgba = [.. Enumerable.Range(1, 6).SelectMany(i => new[] { (byte)i, (byte)(i + 10), (byte)(i + 20), (byte)99 })];
        string[] rows = expected.Split(' ');
        Assert.AreEqual(rows.Length == 3, ExifOrientation.SwapsSides((SKEncodedOrigin)orientation));
        for (int y = 0; y < rows.Length; y++)
        {
            var row = new RgbImage(rows[y].Length, 1);

            ExifOrientation.CopyUpright(rgba, width: 3, height: 2, (SKEncodedOrigin)orientation, top: y, row);

            byte[] pixels = [.. rows[y].Select(c => (byte)(c - '0')).SelectMany(i => new[] { i, (byte)(i + 10), (byte)(i + 20) })];
            CollectionAssert.AreEqual(pixels, row.Pixels, $"row {y}");
        }
    }
}
