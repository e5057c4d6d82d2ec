// Thumbnails are small, complete and upright.
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class ThumbnailTests
{
    [TestMethod]
    [DataRow(600, 300, 240, 120)]
    [DataRow(300, 601, 120, 240)]
    [DataRow(60, 30, 60, 30)]
    [DataRow(3000, 2, 240, 1)]
    [DataRow(1, 1, 1, 1)]
    public void TheLongerSideIsAtMost240Pixels(int width, int height, int expectedWidth, int expectedHeight)
    {
        foreach (var format in (SKEncodedImageFormat[])[SKEncodedImageFormat.Png, SKEncodedImageFormat.Jpeg])
        {
            using var thumbnail = SKBitmap.Decode(Thumbnail.Jpeg(Filled(width, height, SKColors.Teal, format)));
            Assert.AreEqual((expectedWidth, expectedHeight), (thumbnail.Width, thumbnail.Height), format.ToString());
        }
    }

    /// <summary>The eight files contain the same image, each stored with a different EXIF orientation.</summary>
    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(6)]
    [DataRow(7)]
    [DataRow(8)]
    public void APhotoTakenSidewaysIsUpright(int orientation)
    {
        using var expected = SKBitmap.Decode(Thumbnail.Jpeg(File.ReadAllBytes(TestData.Path("bad-images", "exif-orientation-1.jpg"))));
        using var found = SKBitmap.Decode(Thumbnail.Jpeg(File.ReadAllBytes(TestData.Path("bad-images", $"exif-orientation-{orientation}.jpg"))));

        Assert.AreEqual((expected.Width, expected.Height), (found.Width, found.Height));
        double difference = expected.Pixels.Zip(found.Pixels, Difference).Average();
        Assert.IsLessThan(15, difference);    // JPEG compression twice; a wrong orientation differs far more
    }

    [TestMethod]
    public void TransparencyBecomesWhite()
    {
        using var thumbnail = SKBitmap.Decode(Thumbnail.Jpeg(Filled(8, 8, SKColors.Transparent, SKEncodedImageFormat.Png)));
        Assert.AreEqual(SKColors.White, thumbnail.GetPixel(4, 4));
    }

    [TestMethod]
    public void InvalidBytesGiveNull()
    {
        Assert.IsNull(Thumbnail.Jpeg([]));
        Assert.IsNull(Thumbnail.Jpeg("Dear model"u8.ToArray()));
    }

    [TestMethod]
    public void AMissingFileGivesNull()
    {
        using var folder = new TemporaryFolder();
        Assert.IsNull(Thumbnail.Read(ScoredRows.Row(0, 1) with { Path = Path.Combine(folder.Path, "gone.png") }));
    }

    private static int Difference(SKColor a, SKColor b) => Math.Abs(a.Red - b.Red) + Math.Abs(a.Green - b.Green) + Math.Abs(a.Blue - b.Blue);

    private static byte[] Filled(int width, int height, SKColor color, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Premul));
        bitmap.Erase(color);
        using var data = bitmap.Encode(format, 100);
        return data.ToArray();
    }
}
