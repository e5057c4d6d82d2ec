// The sample AugmentationSheet runs as its documentation says.
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed class AugmentationSheetTests
{
    private const string Sample = "docs/samples/AugmentationSheet";

    [TestMethod]
    [DataRow("sheet.png", SKEncodedImageFormat.Png)]
    [DataRow("sheet.jpg", SKEncodedImageFormat.Jpeg)]
    public void TheSheetHasARowForEachAugmentationOfThePhoto(string name, SKEncodedImageFormat format)
    {
        using var work = new TemporaryFolder();
        string path = work.File(name), image = work.File("red.png");
        File.WriteAllBytes(image, PaintedImage.Encode(new RgbImage(1, 1, [200, 10, 20]), SKEncodedImageFormat.Png));

        var run = BuiltProgram.Run(Sample, path, image);

        Assert.AreEqual(0, run.ExitCode, run.Error);
        StringAssert.Contains(run.Output, "row 18  preset ThreeAugment");
        using var codec = SKCodec.Create(path);
        Assert.AreEqual(format, codec.EncodedFormat);
        using var sheet = SKBitmap.Decode(path);
        Assert.AreEqual(18 * 74 - 2, sheet.Height);
        Assert.AreEqual(8 * 74 - 2, sheet.Width);
        if (format == SKEncodedImageFormat.Png)
            Assert.AreEqual(new SKColor(200, 10, 20), sheet.GetPixel(30, 30));
    }

    [TestMethod]
    [DataRow(2, "--help", "AugmentationSheet sheet.jpg photo")]
    [DataRow(2, "sheet.png", "AugmentationSheet sheet.jpg photo")]
    [DataRow(1, "sheet.png no-such.jpg", "no-such.jpg")]
    public void WrongInputEndsWithTheReason(int exitCode, string arguments, string reason)
    {
        var run = BuiltProgram.Run(Sample, arguments.Split(' '));

        Assert.AreEqual(exitCode, run.ExitCode);
        StringAssert.Contains(run.Error, reason);
    }
}
