// Contact sheets: rows and columns, the maximum, and no font.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Explain;

[TestClass]
public sealed class ExplanationSheetTests
{
    [TestMethod]
    [DataRow(1, 1, 1)]
    [DataRow(5, 3, 2)]
    [DataRow(200, 10, 20)]
    public void PhotosAreInRows(int photos, int columns, int rows)
    {
        var sheet = Filled(photos);

        var (width, height) = ShownExplanation.SizeOf(sheet.ToPng(font: null));

        Assert.AreEqual(photos, sheet.Count);
        Assert.AreEqual(12 + columns * 172, width);
        Assert.AreEqual(12 + rows * 172 + 28, height);
        Assert.AreEqual(width, ShownExplanation.SizeOf(sheet.ToPng()).Width);
    }

    [TestMethod]
    public void AFullSheetTakesNoMore()
    {
        var sheet = Filled(ExplanationSheet.MaxPhotos);

        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => sheet.Add(ShownExplanation.Of(), "one more")).Message, "200 photos");
    }

    [TestMethod]
    public void AnEmptySheetAndAnExplanationWithoutAPhotoAreRefused()
    {
        var sheet = new ExplanationSheet();

        Assert.ThrowsExactly<InvalidOperationException>(() => sheet.ToPng());
        Assert.ThrowsExactly<InvalidOperationException>(() => sheet.Add(ShownExplanation.Of(photoSize: 0), "photo"));
        Assert.AreEqual(0, sheet.Count);
    }

    [TestMethod]
    public void ASavedSheetIsTheSame()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("sheet.png");
        var sheet = Filled(2);

        sheet.Save(path);

        CollectionAssert.AreEqual(sheet.ToPng(), File.ReadAllBytes(path));
    }

    private static ExplanationSheet Filled(int photos)
    {
        var sheet = new ExplanationSheet();
        for (int i = 0; i < photos; i++)
            sheet.Add(ShownExplanation.Of(i % 2 == 0 ? 64 : 20, 32), $"\"photo\" {i} of a long, long name.jpg");
        return sheet;
    }
}
