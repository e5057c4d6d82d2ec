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
    public void TheSheetHasARowForEachAugmentation()
    {
        using var work = new TemporaryFolder();
        string path = work.File("sheet.png");

        var run = BuiltProgram.Run(Sample, path);

        Assert.AreEqual(0, run.ExitCode, run.Error);
        StringAssert.Contains(run.Output, "row 18  preset ThreeAugment");
        using var sheet = SKBitmap.Decode(path);
        Assert.AreEqual(18 * 74 - 2, sheet.Height);
        Assert.AreEqual(8 * 74 - 2, sheet.Width);
    }

    [TestMethod]
    public void AnImageOfYourOwnIsShown()
    {
        using var work = new TemporaryFolder();
        string path = work.File("sheet.png"), image = work.File("red.png");
        File.WriteAllBytes(image, PaintedImage.Encode(new RgbImage(1, 1, [200, 10, 20]), SKEncodedImageFormat.Png));

        Assert.AreEqual(0, BuiltProgram.Run(Sample, path, image).ExitCode);

        using var sheet = SKBitmap.Decode(path);
        Assert.AreEqual(new SKColor(200, 10, 20), sheet.GetPixel(30, 30));
    }

    [TestMethod]
    [DataRow(2, "--help", "AugmentationSheet [sheet.png")]
    [DataRow(1, "sheet.png no-such.jpg", "no-such.jpg")]
    public void WrongInputEndsWithTheReason(int exitCode, string arguments, string reason)
    {
        var run = BuiltProgram.Run(Sample, arguments.Split(' '));

        Assert.AreEqual(exitCode, run.ExitCode);
        StringAssert.Contains(run.Error, reason);
    }
}
