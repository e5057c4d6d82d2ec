// The mistakes of a report: all are there, can be filtered by pair of classes, and lead to the photos.
using System.Xml.Linq;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class MistakesTests
{
    [TestMethod]
    public void EachPairOfClassesHasALinkARuleAndItsImages()
    {
        var content = PaintedReport.Make(perClass: 100) with { Overlay = null };
        string text = HtmlReport.Page(content);
        var page = PageMarkup.Parse(text);
        var section = SectionOf(page);
        var pairs = EvaluationResult.Of(content)!.Confusion.Pairs();

        Assert.IsGreaterThan(3, pairs.Count);
        foreach (var pair in pairs)
        {
            string key = MistakesSection.KeyOf(pair.True, pair.Predicted);
            Assert.HasCount(pair.Count, section.WithClass(key));
            Assert.HasCount(1, section.WithClass("filter").Descendants("a").Where(link => link.Attribute("href")!.Value == $"#{key}"));
            StringAssert.Contains(text, $"#{key}:target ~ * .item:not(.{key}) {{ display: none; }}");
            var cell = page.WithClass("matrix").Single().Descendants("a").Single(link => link.Attribute("href")!.Value == $"#{key}");
            Assert.AreEqual($"{pair.Count}", cell.Value);
        }

        Assert.HasCount(pairs.Sum(pair => pair.Count), section.WithClass("item"));
        PageMarkup.AssertLinked(page);
    }

    /// <summary>The rules select items in the siblings that follow the paragraph of a pair.</summary>
    [TestMethod]
    public void TheParagraphsOfTheFilterComeBeforeTheItems()
    {
        var section = SectionOf(PageMarkup.Parse(HtmlReport.Page(PaintedReport.Make() with { Overlay = null })));

        foreach (var paragraph in section.WithClass("chosen"))
            Assert.AreEqual(section.WithClass("item").Count(), paragraph.ElementsAfterSelf().SelectMany(next => next.WithClass("item")).Count());
    }

    [TestMethod]
    public void OnePairNeedsNoFilter()
    {
        var page = PageMarkup.Parse(HtmlReport.Page(ScoredRows.Content(ScoredRows.Row(0, 0.9f, 0.1f), ScoredRows.Row(0, 0.2f, 0.8f))));

        Assert.IsEmpty(page.WithClass("filter"));
        Assert.IsEmpty(page.WithClass("matrix").Descendants("a"));
    }

    [TestMethod]
    public void ThousandsOfMistakesAreAllListed_TheLastOnesWithoutImages()
    {
        int count = ExampleRows.MaxImages + 7;
        ScoredRow[] rows = [.. Enumerable.Range(0, count).Select(i => ScoredRows.Row(i % 2, i % 2 == 0 ? 0.2f : 0.8f, i % 2 == 0 ? 0.8f : 0.2f) with { Name = $"{i}.png" })];
        var section = SectionOf(PageMarkup.Parse(HtmlReport.Page(ScoredRows.Content(rows))));

        Assert.HasCount(count, section.WithClass("item"));
        Assert.HasCount(ExampleRows.MaxMaps, section.WithClass("cards").First().Elements("li"));
        Assert.HasCount(7, section.Descendants("tbody").Elements("tr"));
        CollectionAssert.AreEquivalent(rows.Select(row => row.Name).ToArray(), section.WithClass("file").Concat(section.Descendants("tbody").Descendants("th")).Select(name => name.Value.Trim()).ToArray());
    }

    [TestMethod]
    public void WithManyClasses_ThePairsOfTheListHaveLinks()
    {
        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"class {i}")];
        var page = PageMarkup.Parse(HtmlReport.Page(new ReportContent { Title = "Many", ClassNames = names, Rows = ScoredRows.Random(2000, 100) }));

        Assert.IsGreaterThan(20, page.Descendants("section").Single(section => section.Attribute("id")!.Value == "confusion").Descendants("a").Count());
        PageMarkup.AssertLinked(page);
    }

    [TestMethod]
    public void AFileNameIsARelativeLinkToThePhoto()
    {
        using var folder = new TemporaryFolder();
        string photo = folder.File("my photos", "50% #1?.png");
        File.Copy(ColoredModel.Image("red"), photo);
        string report = folder.File("reports", "report.html");

        HtmlReport.Write(report, ScoredRows.Content(ScoredRows.Row(0, 0.2f, 0.8f) with { Path = photo }));

        string text = File.ReadAllText(report);
        string link = SectionOf(PageMarkup.Parse(text)).WithClass("file").Single().Element("a")!.Attribute("href")!.Value;
        Assert.AreEqual("../my%20photos/50%25%20%231%3F.png", link);
        Assert.AreEqual(photo, Uri.UnescapeDataString(new Uri(new Uri($"file://{report}"), link).AbsolutePath));
        Assert.DoesNotContain(folder.Path, text);
    }

    [TestMethod]
    public void WithoutAPathTheFileNameIsText() => Assert.IsEmpty(
        SectionOf(PageMarkup.Parse(HtmlReport.Page(ScoredRows.Content(ScoredRows.Row(0, 0.2f, 0.8f)) with { Folder = Path.GetTempPath() }))).WithClass("file").Elements("a"));

    private static XElement SectionOf(XDocument page) => page.Descendants("section").Single(section => section.Attribute("id")!.Value == MistakesSection.Id);
}
