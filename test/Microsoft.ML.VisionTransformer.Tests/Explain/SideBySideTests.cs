// The picture beside its overlay: aspect ratio, text of any length and script, no font, and what is refused.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Explain;

[TestClass]
public sealed class SideBySideTests
{
    [TestMethod]
    [DataRow(64, 32, 320, 160)]
    [DataRow(30, 60, 160, 320)]
    [DataRow(1, 500, 1, 320)]
    public void ThePhotoKeepsItsAspectRatio(int width, int height, int shownWidth, int shownHeight)
    {
        var explanation = ShownExplanation.Of(width, height, photoSize: 320);

        Assert.AreEqual((shownWidth, shownHeight), ShownExplanation.SizeOf(explanation.PhotoOverlayPng()));
        var whole = ShownExplanation.SizeOf(explanation.SideBySidePng());
        Assert.AreEqual(2 * Math.Max(SideBySide.MinHalf, shownWidth) + 2 * SideBySide.Margin + SideBySide.Gap, whole.Width);
        Assert.IsGreaterThan(shownHeight + 30, whole.Height);
    }

    [TestMethod]
    public void TheOriginalIsAtTheLeftAndTheOverlayAtTheRight()
    {
        var explanation = ShownExplanation.Of(64, 64, photoSize: 256);
        using var whole = SKBitmap.Decode(explanation.SideBySidePng());
        using var overlay = SKBitmap.Decode(explanation.PhotoOverlayPng());
        int left = SideBySide.Margin, right = left + 256 + SideBySide.Gap, top = SideBySide.Margin;

        Assert.AreEqual(overlay.GetPixel(200, 200), whole.GetPixel(right + 200, top + 200));
        Assert.AreNotEqual(overlay.GetPixel(200, 200), whole.GetPixel(left + 200, top + 200));
        Assert.AreEqual(SKColors.White, whole.GetPixel(right - 6, top + 100));
    }

    [TestMethod]
    [DataRow("tulips")]
    [DataRow("a class name that is much longer than any picture is wide, because somebody wrote a sentence into the name of a folder of photos")]
    [DataRow("ひまわり 向日葵")]
    [DataRow("тюльпаны \"en gros\" 'd’été' <b> \u202e \0")]
    [DataRow("🌷🌻")]
    [DataRow("")]
    public void AnyClassNameCanBeDrawn(string className)
    {
        byte[] png = ShownExplanation.Of(className: className).SideBySidePng();

        Assert.AreEqual(2 * SideBySide.MinHalf + 2 * SideBySide.Margin + SideBySide.Gap, ShownExplanation.SizeOf(png).Width);
    }

    [TestMethod]
    public void WithoutAFontThePictureHasNoText()
    {
        var explanation = ShownExplanation.Of(64, 64);
        var overlay = explanation.PhotoOverlay();
        var photo = new ShownPhoto(overlay, new PlaceInInput(0, 0, 32, 32));

        using var bare = SKBitmap.Decode(SideBySide.Draw(photo, overlay, explanation, isCropped: true, font: null));

        // Below the photo there is nothing but white; the color scale is still there.
        for (int y = SideBySide.Margin + 64; y < bare.Height; y++)
        {
            for (int x = 0; x < SideBySide.Margin + SideBySide.MinHalf; x++)
                Assert.AreEqual(SKColors.White, bare.GetPixel(x, y));
        }

        Assert.AreNotEqual(SKColors.White, bare.GetPixel(bare.Width - 200, SideBySide.Margin + 64 + 20));
    }

    [TestMethod]
    public void TheTextIsDrawnWhereThereIsAFont()
    {
        Requires.If(AttentionExplanation.CanDrawText, "a font");
        using var whole = SKBitmap.Decode(ShownExplanation.Of(64, 64).SideBySidePng());

        int dark = 0;
        for (int y = SideBySide.Margin + 64; y < whole.Height; y++)
        {
            for (int x = 0; x < SideBySide.MinHalf; x++)
                dark += whole.GetPixel(x, y).Red < 100 ? 1 : 0;
        }

        Assert.IsGreaterThan(100, dark);
    }

    [TestMethod]
    public void WithoutAPhotoThePictureIsRefused()
    {
        var explanation = ShownExplanation.Of(photoSize: 0);

        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => explanation.SideBySidePng()).Message, "PhotoSize");
        Assert.AreEqual((32, 32), ShownExplanation.SizeOf(explanation.OverlayPng()));
    }

    [TestMethod]
    public void ASavedPictureIsTheSame()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("it's \"why\".png");
        var explanation = ShownExplanation.Of();

        explanation.SaveSideBySide(path);

        CollectionAssert.AreEqual(explanation.SideBySidePng(), File.ReadAllBytes(path));
        Assert.ThrowsExactly<ArgumentException>(() => explanation.SaveSideBySide(" "));
    }
}
