// Relevant differences are reported; differences between machines are ignored.
using NotebookRunner.Comparing;
using NotebookRunner.Model;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Comparing;

[TestClass]
public sealed class NotebookComparisonTests
{
    [TestMethod]
    public void TextMustBeEqual_AndTheFirstDifferentLineIsShown()
    {
        var differences = Differences(new StreamOutput("stdout", "one\ntwo 2\nthree\n"), new StreamOutput("stdout", "one\ntwo 3\nthree\n"));

        Assert.AreEqual("test, cell 1, output 1: line 2 of 3 saved, of 3 now\n  saved: two 2\n  now:   two 3", differences.Single());
    }

    [TestMethod]
    [DataRow("epoch   1/12  loss 1.041  rate 1.4E-003  left 0:09", "epoch  10/12  loss 0.9  rate 1E+000  left 10:59", 0)]
    [DataRow("loss 1.0", "losses 1.0", 1)]
    [DataRow("1 line", "1 line\n2 lines", 1)]
    [DataRow("-0.5", "0.5", 0)]
    public void IfNumbersVary_WordsMustNot(string saved, string now, int differences) =>
        Assert.HasCount(differences, Differences(new StreamOutput("stdout", saved), new StreamOutput("stdout", now), NotebookCell.Varies));

    [TestMethod]
    public void AnotherKindOfOutputIsReportedEvenIfItVaries() =>
        StringAssert.Contains(Differences(Html("<b>"), new StreamOutput("stdout", "<b>"), NotebookCell.Varies).Single(), "saved [text/html], now [stdout]");

    [TestMethod]
    public void SlightPixelDifferencesAreIgnored_AnotherColorIsNot()
    {
        Assert.IsEmpty(Differences(Png(8, 8, 100), Png(8, 8, 101)));
        StringAssert.Contains(Differences(Png(8, 8, 100), Png(8, 8, 110)).Single(), "pixels differ by 10.0 on average");
    }

    [TestMethod]
    public void IfImagesVary_TheirSizeMustNot()
    {
        Assert.IsEmpty(Differences(Png(8, 8, 100), Png(8, 8, 200), NotebookCell.Varies));
        StringAssert.Contains(Differences(Png(8, 8, 100), Png(8, 9, 100), NotebookCell.Varies).Single(), "saved 8 x 8 pixels, now 8 x 9");
    }

    [TestMethod]
    public void WithAnotherModel_OutputsThatVaryAreComparedByShape()
    {
        Assert.IsEmpty(Shapes(new StreamOutput("stdout", "daisy 80%\n"), new StreamOutput("stdout", "roses 70%\n")));
        Assert.AreEqual("test, cell 1, output 1: 1 lines saved, 2 now", Shapes(new StreamOutput("stdout", "daisy\n"), new StreamOutput("stdout", "daisy\nroses\n")).Single());
        Assert.IsEmpty(Shapes(Html("<b>daisy</b>"), Html("<b>roses</b> and more")));
        StringAssert.Contains(Shapes(Png(8, 8, 100), Png(8, 9, 100)).Single(), "now 8 x 9");
        StringAssert.Contains(Shapes(Html("<b>"), new StreamOutput("stdout", "<b>")).Single(), "saved [text/html], now [stdout]");
        Assert.HasCount(1, NotebookComparison.Differences(Of(Html("daisy"), []), Of(Html("roses"), []), sameModel: false));

        static IReadOnlyList<string> Shapes(CellOutput saved, CellOutput fresh) =>
            NotebookComparison.Differences(Of(saved, [NotebookCell.Varies]), Of(fresh, [NotebookCell.Varies]), sameModel: false);
    }

    [TestMethod]
    public void ImagesInHtmlAreComparedAsImages()
    {
        string Table(byte gray) => $"<td><img src='data:image/png;base64,{Encode(4, 4, gray)}'></td>";

        Assert.IsEmpty(Differences(Html(Table(100)), Html(Table(101))));
        StringAssert.Contains(Differences(Html(Table(100)), Html(Table(140))).Single(), "image 1: pixels differ");
        StringAssert.Contains(Differences(Html(Table(100)), Html(Table(100) + Table(100)))[^1], "1 images saved, 2 now");
    }

    [TestMethod]
    public void ADifferentCellIsShown()
    {
        Notebook saved = new("test", [new(CellKind.Code, "int a;")]), fresh = new("test", [new(CellKind.Code, "int b;")]);

        StringAssert.Contains(NotebookComparison.Differences(saved, fresh).Single(), "int b;");
    }

    private static IReadOnlyList<string> Differences(CellOutput saved, CellOutput fresh, params string[] tags) =>
        NotebookComparison.Differences(Of(saved, tags), Of(fresh, tags));

    private static Notebook Of(CellOutput output, string[] tags) => new("test", [new(CellKind.Code, "code();") { Tags = tags, Outputs = [output] }]);

    private static DisplayOutput Html(string html) => new(new Dictionary<string, string> { ["text/html"] = html });

    private static DisplayOutput Png(int width, int height, byte gray) => new(new Dictionary<string, string> { ["image/png"] = Encode(width, height, gray) });

    private static string Encode(int width, int height, byte gray)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(new SKColor(gray, gray, gray));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return Convert.ToBase64String(data.ToArray());
    }
}
