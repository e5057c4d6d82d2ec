// compare: several models on the same images.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class CompareTests
{
    [TestMethod]
    public void TheMetricsAreThoseOfEvaluate()
    {
        using var folder = new TemporaryFolder();
        string other = OtherModel(folder, "other.zip", ColoredModel.Images);

        var run = CliRun.Done("compare", ColoredModel.Zip, other, "--data", ColoredModel.Images, "--out", folder.File("c.html"), "--format", "json");

        var json = JsonDocument.Parse(run.Output).RootElement;
        Assert.AreEqual(60, json.GetProperty("images").GetInt32());
        string[] models = [ColoredModel.Zip, other];
        for (int m = 0; m < models.Length; m++)
        {
            var expected = JsonDocument.Parse(CliRun.Done("evaluate", models[m], "--data", ColoredModel.Images, "--format", "json").Output).RootElement;
            var found = json.GetProperty("models")[m];
            Assert.AreEqual(Path.GetFileName(models[m]), found.GetProperty("name").GetString());
            foreach (string metric in new[] { "microAccuracy", "macroAccuracy", "logLoss" })
                Assert.AreEqual(expected.GetProperty(metric).GetDouble(), found.GetProperty(metric).GetDouble(), 1e-6, metric);
            Assert.AreEqual(new FileInfo(models[m]).Length, found.GetProperty("bytes").GetInt64());
            Assert.IsGreaterThan(0, found.GetProperty("imagesPerSecond").GetDouble());
        }

        var difference = json.GetProperty("differences")[0];
        double change = json.GetProperty("models")[1].GetProperty("microAccuracy").GetDouble() - json.GetProperty("models")[0].GetProperty("microAccuracy").GetDouble();
        Assert.AreEqual(change, difference.GetProperty("difference").GetDouble(), 1e-9);
        Assert.AreEqual(change * 60, difference.GetProperty("onlyOther").GetInt32() - difference.GetProperty("onlyFirst").GetInt32(), 1e-6);
    }

    [TestMethod]
    public void ThePageAndTheTextNameTheModels()
    {
        using var folder = new TemporaryFolder();
        string other = OtherModel(folder, "other.zip", ColoredModel.Images);

        var run = CliRun.Done("compare", ColoredModel.Zip, other, "--data", ColoredModel.Images, "--out", folder.File("c.html"));

        StringAssert.StartsWith(run.Output, "60 images, 3 classes\n");
        StringAssert.Contains(run.Output, "other.zip compared with colored.zip: ");
        StringAssert.Contains(run.Error, "Page: ");
        string text = File.ReadAllText(folder.File("c.html"));
        PageMarkup.AssertSelfContained(text);
        var page = PageMarkup.Parse(text);
        PageMarkup.AssertLinked(page);
        Assert.AreEqual("colored.zip and other.zip on images", page.Descendants("h1").Single().Value.Trim());
        Assert.DoesNotContain(folder.Path, text);
        Assert.DoesNotContain(ColoredModel.Images, text);
    }

    [TestMethod]
    public void AModelAgreesWithItself_AndBothNamesDiffer()
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.Done("compare", ColoredModel.Zip, ColoredModel.Zip, "--data", ColoredModel.Images, "--out", folder.File("c.html"));

        StringAssert.Contains(run.Output, "are right and wrong on the same images.");
        StringAssert.Contains(run.Output, "The models disagree on 0 images.");
        StringAssert.Contains(File.ReadAllText(folder.File("c.html")), "the models predict the same class for every image");
    }

    [TestMethod]
    public void AClassThatOneModelLacksIsNamed()
    {
        using var folder = new TemporaryFolder();
        string images = folder.File("images", "x")[..^2];
        ColoredSamples.WriteTo(images, perClass: 6);
        Directory.Move(Path.Combine(images, "red"), Path.Combine(images, "crimson"));
        string other = OtherModel(folder, "other.zip", images);

        CliRun.Of("compare", ColoredModel.Zip, other, "--data", ColoredModel.Images, "--out", folder.File("c.html"))
            .AssertFailed(1, "colored.zip has the class 'red', which other.zip lacks. Only models with the same classes can be compared.");
        Assert.IsFalse(File.Exists(folder.File("c.html")));
    }

    [TestMethod]
    public void OneModelIsWrongUsage() => CliRun.Of("compare", ColoredModel.Zip, "--data", ColoredModel.Images).AssertFailed(2, "compare needs at least two models");

    [TestMethod]
    public void AnExistingPageIsKeptWithoutForce()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("c.html"), "mine");

        CliRun.Of("compare", ColoredModel.Zip, ColoredModel.Zip, "--data", ColoredModel.Images, "--out", folder.File("c.html")).AssertFailed(1, "already exists");
        Assert.AreEqual("mine", File.ReadAllText(folder.File("c.html")));

        CliRun.Done("compare", ColoredModel.Zip, ColoredModel.Zip, "--data", ColoredModel.Images, "--out", folder.File("c.html"), "--force");
        StringAssert.StartsWith(File.ReadAllText(folder.File("c.html")), "<!DOCTYPE html>");
    }

    [TestMethod]
    public void ACorruptImageIsAnErrorUnlessSkipped()
    {
        using var folder = new TemporaryFolder();
        string images = folder.File("images", "x")[..^2];
        File.Copy(ColoredModel.Image("red"), folder.File("images", "red", "a.png"));
        File.Copy(ColoredModel.Image("blue"), folder.File("images", "blue", "b.png"));
        File.WriteAllText(folder.File("images", "red", "b.png"), "not a photo");

        CliRun.Of("compare", ColoredModel.Zip, ColoredModel.Zip, "--data", images, "--out", folder.File("c.html")).AssertFailed(1, "b.png: ");
        var run = CliRun.Done("compare", ColoredModel.Zip, ColoredModel.Zip, "--data", images, "--out", folder.File("c.html"), "--on-invalid-image", "skip");

        StringAssert.StartsWith(run.Output, "2 images, ");
        StringAssert.Contains(run.Error, "skipped red/b.png");
        StringAssert.Contains(File.ReadAllText(folder.File("c.html")), "red/b.png");
    }

    private static string OtherModel(TemporaryFolder folder, string name, string images)
    {
        CliRun.Done(["train", "--data", images, "--out", folder.File(name), "--epochs", "1", "--no-report", "--test-fraction", "0", "--seed", "5", .. ColoredModel.Tiny]);
        return folder.File(name);
    }
}
