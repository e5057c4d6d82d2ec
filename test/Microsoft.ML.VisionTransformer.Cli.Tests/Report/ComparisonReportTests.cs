// The page that compares models: sections, filter, escaping.
using System.Xml.Linq;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class ComparisonReportTests
{
    [TestMethod]
    public void EverySectionIsPresent()
    {
        string text = ComparisonReport.Page(PaintedComparison.Make(), "test-photos", null, folder: null);
        var page = PageMarkup.Parse(text);

        CollectionAssert.AreEqual(
            new[] { "summary", "difference", "speed", "classes", "disagreements", "data" }, page.Descendants("section").Select(section => section.Attribute("id")!.Value).ToArray());
        PageMarkup.AssertLinked(page);
        PageMarkup.AssertSelfContained(text);
    }

    [TestMethod]
    public void TheFilterHasAGroupForEachSetOfModelsThatAreRight()
    {
        var comparison = PaintedComparison.Make();
        var page = PageMarkup.Parse(ComparisonReport.Page(comparison, "test-photos", null, folder: null));
        var disagreements = comparison.Disagreements();

        Assert.HasCount(disagreements.Count, page.WithClass("item"));
        foreach (var group in disagreements.GroupBy(image => image.Pattern))
            Assert.HasCount(group.Count(), page.WithClass($"right-{group.Key}"));
        string[] labels = [.. page.WithClass("filter").Descendants("a").Select(link => link.Value)];
        Assert.IsTrue(labels.Any(label => label.StartsWith("only small.zip is right", StringComparison.Ordinal)), string.Join('\n', labels));
    }

    [TestMethod]
    public void TheLargestDisagreementComesFirst()
    {
        var disagreements = PaintedComparison.Make().Disagreements();

        Assert.IsGreaterThan(3, disagreements.Count);
        CollectionAssert.AreEqual(disagreements.OrderByDescending(image => image.Spread).ToArray(), disagreements.ToArray());
        Assert.IsTrue(disagreements.All(image => image.Answers.Select(row => row.Predicted).Distinct().Count() > 1));
    }

    [TestMethod]
    public void NamesCannotInjectMarkup()
    {
        const string Hostile = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";
        var painted = PaintedComparison.Make();
        var page = PageMarkup.Parse(ComparisonReport.Page(
            painted with
            {
                ClassNames = [.. painted.ClassNames.Select(_ => Hostile)],
                Models = [.. painted.Models.Select(model => model with { Name = Hostile, Network = Hostile })],
                Skipped = [new(Hostile, Hostile)],
            },
            Hostile, null, folder: null));

        Assert.IsEmpty(page.Descendants("script"));
        Assert.IsTrue(page.Descendants("img").All(image => image.Attribute("src")!.Value.StartsWith("data:image/jpeg;base64,", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void ModelsWithOneFileNameGetTheirFolder()
    {
        CollectionAssert.AreEqual(new[] { "a.zip", "b.zip" }, NamedModel.NamesOf(["x/a.zip", "x/b.zip"]));
        CollectionAssert.AreEqual(new[] { "run1/a.zip", "run2/a.zip", "b.zip" }, NamedModel.NamesOf(["run1/a.zip", "run2/a.zip", "b.zip"]));
        CollectionAssert.AreEqual(new[] { "x/a.zip (1)", "x/a.zip (2)" }, NamedModel.NamesOf(["x/a.zip", "x/a.zip"]));
    }
}
