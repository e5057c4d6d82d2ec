// The report as a file: sections, text, escaping, writing.
using System.Xml.Linq;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class HtmlReportTests
{
    private static readonly string[] _allSections =
        ["summary", "classes", "confusion", "mistakes", "hits", "calibration", "training", "learning", "data", "run", "options"];

    [TestMethod]
    public void EverySectionIsPresent_AndLinkedFromTheContents()
    {
        var page = PageMarkup.Parse(HtmlReport.Page(PaintedReport.Make()));

        CollectionAssert.AreEqual(_allSections, page.Descendants("section").Select(section => section.Attribute("id")!.Value).ToArray());
        CollectionAssert.AreEqual(_allSections, page.Descendants("nav").Descendants("a").Select(link => link.Attribute("href")!.Value[1..]).ToArray());
        Assert.AreEqual("en", page.Root!.Attribute("lang")!.Value);
        PageMarkup.AssertLinked(page);
        var ids = page.Descendants().Attributes("id").Select(id => id.Value).ToArray();
        foreach (var reference in page.Descendants().Attributes("aria-labelledby").SelectMany(labels => labels.Value.Split(' ')))
            CollectionAssert.Contains(ids, reference);
    }

    [TestMethod]
    public void AnEmptySectionIsOmitted()
    {
        var page = PageMarkup.Parse(HtmlReport.Page(new ReportContent { Title = "Empty", ClassNames = ["a", "b"] }));

        Assert.AreEqual("summary", page.Descendants("section").Single().Attribute("id")!.Value);
        StringAssert.Contains(page.Root!.Value, "No test images were held out");
    }

    [TestMethod]
    public void NamesCannotInjectMarkup()
    {
        const string Hostile = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";
        var painted = PaintedReport.Make();
        string text = HtmlReport.Page(painted with
        {
            Title = Hostile,
            ClassNames = [Hostile, Hostile, Hostile, Hostile, Hostile],
            Model = [new(Hostile, Hostile)],
            Options = [new(Hostile, Hostile)],
            Splits = [new(Hostile, [1, 2, 3, 4, 5])],
            Skipped = [new(Hostile, Hostile)],
            RowsName = Hostile,
            Rows = [.. painted.Rows.Select(row => row with { Name = Hostile })],
            Overlay = null,
        });
        var page = PageMarkup.Parse(text);

        Assert.IsEmpty(page.Descendants("script"));
        Assert.IsTrue(page.Descendants("img").All(image => image.Attribute("src")!.Value.StartsWith("data:image/jpeg;base64,", StringComparison.Ordinal)));
        Assert.IsEmpty(page.Descendants().Attributes().Where(attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal)));
        Assert.AreEqual(Hostile, page.Descendants("title").First().Value);
        Assert.AreEqual(Hostile, page.Descendants("h1").Single().Value);
    }

    [TestMethod]
    public void NothingIsLoadedFromElsewhere()
    {
        PageMarkup.AssertSelfContained(HtmlReport.Page(PaintedReport.Make()));
    }

    [TestMethod]
    [DataRow(20, true)]
    [DataRow(21, false)]
    public void ManyClassesGetAListOfPairsInPlaceOfTheMatrix(int classes, bool matrix)
    {
        string[] names = [.. Enumerable.Range(0, classes).Select(i => $"class {i}")];
        var page = PageMarkup.Parse(HtmlReport.Page(new ReportContent { Title = "Many", ClassNames = names, Rows = ScoredRows.Random(300, classes) }));

        Assert.HasCount(matrix ? 1 : 0, page.Descendants("table").Where(table => table.Attribute("class")?.Value == "matrix"));
        string[] headings = [.. page.Descendants("h2").Select(heading => heading.Value)];
        CollectionAssert.Contains(headings, matrix ? "Confusion matrix" : "Most confused pairs");
    }

    /// <summary>The first twenty are visible, the others collapsed.</summary>
    [TestMethod]
    public void AThousandClassesAreAllListed()
    {
        string[] names = [.. Enumerable.Range(0, 1000).Select(i => $"class {i}")];
        var page = PageMarkup.Parse(HtmlReport.Page(new ReportContent { Title = "Many", ClassNames = names, Rows = ScoredRows.Random(3000, 1000) }));

        var classes = page.Descendants("section").Single(section => section.Attribute("id")!.Value == "classes");
        Assert.AreEqual(ReportTable.MaxVisibleRows, classes.Elements("div").Descendants("tbody").Elements("tr").Count());
        CollectionAssert.AreEquivalent(names, classes.Descendants("tbody").Descendants("th").Select(cell => cell.Value).ToArray());
    }

    [TestMethod]
    public void TheMatrixHasTheCountsOfEachPair()
    {
        var page = PageMarkup.Parse(HtmlReport.Page(ScoredRows.Content(ScoredRows.Row(0, 0.9f, 0.1f), ScoredRows.Row(0, 0.2f, 0.8f), ScoredRows.Row(1, 0.3f, 0.7f))));
        var rows = page.Descendants("table").Single(table => table.Attribute("class")?.Value == "matrix").Element("tbody")!.Elements("tr");

        CollectionAssert.AreEqual(new[] { "a 1 1", "b 0 1" }, rows.Select(row => string.Join(' ', row.Elements().Select(cell => cell.Value))).ToArray());
    }

    [TestMethod]
    public void OneEpochIsShownAsATable()
    {
        var painted = PaintedReport.Make();
        var page = PageMarkup.Parse(HtmlReport.Page(painted with { Rows = [], LearningCurve = [], Epochs = [painted.Epochs[0]], BestEpoch = 1 }));

        Assert.IsEmpty(page.Descendants("svg"));
        StringAssert.Contains(page.Root!.Value, "1 (best)");
    }

    [TestMethod]
    [DataRow(1.0, 0.0, DisplayName = "a perfect training")]
    [DataRow(0.0, 0.0, DisplayName = "nothing right")]
    [DataRow(0.37, 1.5, DisplayName = "no change")]
    [DataRow(1.0, 1e-14, DisplayName = "a loss near zero")]
    public void EqualValuesAreDrawn(double accuracy, double loss)
    {
        var epochs = Enumerable.Range(1, 3).Select(i => new ReportEpoch
        {
            Epoch = i,
            TrainingAccuracy = accuracy,
            ValidationAccuracy = accuracy,
            TrainingLoss = loss,
            ValidationLoss = loss,
        });
        var rows = Enumerable.Range(0, 4).Select(_ => ScoredRows.Row(0, 1, 0)).ToArray();

        AssertValues(HtmlReport.Page(ScoredRows.Content(rows) with { Epochs = [.. epochs], BestEpoch = 3 }), plots: 3);
    }

    [TestMethod]
    public void ValuesThatDifferByRoundingErrorsAreDrawn()
    {
        double[] accuracies = [1, 1 - 1e-13, 1];
        var epochs = accuracies.Select((accuracy, i) => new ReportEpoch { Epoch = i + 1, TrainingAccuracy = accuracy, TrainingLoss = 1 + accuracy });

        AssertValues(HtmlReport.Page(new ReportContent { Title = "Flat", ClassNames = ["a"], Epochs = [.. epochs] }), plots: 2);
    }

    [TestMethod]
    public void OnePointIsDrawn()
    {
        ReportEpoch[] epochs = [new() { Epoch = 1, TrainingLoss = double.NaN }, new() { Epoch = 2, TrainingLoss = 0.5, TrainingAccuracy = double.NaN }];

        AssertValues(HtmlReport.Page(new ReportContent { Title = "Short", ClassNames = ["a"], Epochs = [.. epochs], BestEpoch = 2 }), plots: 2);
    }

    private static void AssertValues(string page, int plots)
    {
        var drawings = PageMarkup.Parse(page).Descendants("svg").Where(svg => svg.Attribute("role") is not null).ToArray();
        Assert.HasCount(plots, drawings);
        foreach (string value in drawings.SelectMany(svg => svg.Descendants()).Attributes().Select(a => a.Value))
            Assert.IsFalse(value.Contains("NaN", StringComparison.Ordinal) || value.Contains('\u221E') || value.Contains("Infinity", StringComparison.Ordinal), value);
    }

    [TestMethod]
    public void WithoutValidationThereIsOneLine()
    {
        var painted = PaintedReport.Make();
        var page = PageMarkup.Parse(HtmlReport.Page(painted with
        {
            Rows = [],
            LearningCurve = [],
            Epochs = [.. painted.Epochs.Select(epoch => epoch with { ValidationLoss = null, ValidationAccuracy = null })],
            BestEpoch = null,
        }));

        Assert.HasCount(2, page.Descendants("polyline"));
    }

    [TestMethod]
    public void EveryLargeImageHasAnOverlay()
    {
        var content = PaintedReport.Make(perClass: 100);
        var asked = new List<(ScoredRow Row, int Class)>();
        var page = PageMarkup.Parse(HtmlReport.Page(content with
        {
            Overlay = (row, predicted) =>
            {
                asked.Add((row, predicted));
                return content.Overlay!(row, predicted);
            },
        }));

        var evaluation = EvaluationResult.Of(content)!;
        var mistakes = ExampleRows.Mistakes(evaluation);
        int small = mistakes.Count - ExampleRows.MaxMaps;
        CollectionAssert.AreEqual(
            mistakes.Take(ExampleRows.MaxMaps).Concat(ExampleRows.MostConfidentHits(evaluation)).Select(row => (row.Row, row.Predicted)).ToArray(), asked);
        Assert.IsGreaterThan(0, small);
        Assert.AreEqual(2 * asked.Count + small, page.Descendants("img").Count());
        Assert.AreEqual(asked.Count + small, PageMarkup.Parse(HtmlReport.Page(content with { Overlay = null })).Descendants("img").Count());
    }

    [TestMethod]
    public void AMissingImageIsReported()
    {
        using var folder = new TemporaryFolder();
        var page = PageMarkup.Parse(HtmlReport.Page(ScoredRows.Content(ScoredRows.Row(0, 0.9f, 0.1f) with { Path = Path.Combine(folder.Path, "gone.png") })));

        StringAssert.Contains(page.Root!.Value, "The image can no longer be read.");
        Assert.IsFalse(page.Root.Value.Contains(folder.Path, StringComparison.Ordinal));
    }

    [TestMethod]
    public void AnOldReportIsReplaced_AndNothingElseIsLeftInTheFolder()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "report.html");
        File.WriteAllText(path, "old");

        HtmlReport.Write(path, ScoredRows.Content(ScoredRows.Row(0, 0.9f, 0.1f)));

        StringAssert.StartsWith(File.ReadAllText(path), "<!DOCTYPE html>");
        Assert.AreEqual(path, Directory.GetFiles(folder.Path).Single());
    }

    [TestMethod]
    public void AFailedReportKeepsTheOldOne()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "report.html");
        File.WriteAllText(path, "old");

        Assert.ThrowsExactly<ArgumentException>(() => HtmlReport.Write(path, ScoredRows.Content(ScoredRows.Row(0, float.NaN, 0.1f))));
        Assert.ThrowsExactly<ArgumentException>(() => HtmlReport.Write(path, ScoredRows.Content(ScoredRows.Row(0, 1, 0)) with { Splits = [new("test", [1])] }));

        Assert.AreEqual("old", File.ReadAllText(path));
        Assert.AreEqual(path, Directory.GetFiles(folder.Path).Single());
    }

    [TestMethod]
    public void TheSameContentGivesTheSameFile() => Assert.AreEqual(HtmlReport.Page(PaintedReport.Make()), HtmlReport.Page(PaintedReport.Make()));
}
