// evaluate: the metrics of a model.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class EvaluateTests
{
    [TestMethod]
    public void TheMetricsEqualThoseOfMLNet()
    {
        var json = JsonDocument.Parse(CliRun.Done("evaluate", ColoredModel.Zip, "--data", ColoredModel.Images, "--format", "json").Output).RootElement;
        var context = new MLContext();
        var model = context.Model.Load(ColoredModel.Zip, out _);
        using var weights = model as IDisposable;
        var rows = LabeledImages.Read(context, "--data", ColoredModel.Images, _ => { });
        var expected = context.MulticlassClassification.Evaluate(model.Transform(InputColumns.OfTraining.Load(context, rows)));

        Assert.AreEqual(60, json.GetProperty("images").GetInt32());
        Assert.AreEqual(expected.MicroAccuracy, json.GetProperty("microAccuracy").GetDouble(), 1e-12);
        Assert.AreEqual(expected.MacroAccuracy, json.GetProperty("macroAccuracy").GetDouble(), 1e-12);
        Assert.AreEqual(expected.LogLoss, json.GetProperty("logLoss").GetDouble(), 1e-5);
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(expected.ConfusionMatrix.PerClassRecall[i], json.GetProperty("classes")[i].GetProperty("recall").GetDouble(), 1e-12);
            for (int j = 0; j < 3; j++)
                Assert.AreEqual(expected.ConfusionMatrix.Counts[i][j], json.GetProperty("confusion")[i][j].GetInt32());
        }
    }

    [TestMethod]
    public void TheTestListReproducesTheMetricsOfTraining()
    {
        var run = CliRun.Done("evaluate", ColoredModel.Zip, "--data", Path.ChangeExtension(ColoredModel.Zip, ".test.csv"));

        Assert.AreEqual(ColoredModel.Training.Output, run.Output);
    }

    [TestMethod]
    public void ATableHasOneLinePerClass()
    {
        var run = CliRun.Done("evaluate", ColoredModel.Zip, "--data", ColoredModel.Images, "--format", "csv");

        Assert.HasCount(4, run.OutputLines);
        StringAssert.StartsWith(run.OutputLines[1], "blue,20,");
    }

    [TestMethod]
    public void AReportIsWrittenOnRequest()
    {
        using var folder = new TemporaryFolder();

        CliRun.Done("evaluate", ColoredModel.Zip, "--data", ColoredModel.Images, "--report", folder.File("report.html"));

        StringAssert.Contains(File.ReadAllText(folder.File("report.html")), "colored.zip on images");
    }

    [TestMethod]
    public void AnUnknownClassIsNamed()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Image("red"), folder.File("redd", "a.png"));

        CliRun.Of("evaluate", ColoredModel.Zip, "--data", folder.Path).AssertFailed(1, "has the class 'redd', which is not a class of the model; the nearest of its 3 classes is 'red'");
    }

    [TestMethod]
    public void ACorruptImageIsAnErrorUnlessSkipped()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Image("red"), folder.File("red", "a.png"));
        File.WriteAllText(folder.File("red", "b.png"), "not a photo");

        CliRun.Of("evaluate", ColoredModel.Zip, "--data", folder.Path).AssertFailed(1, "b.png: ");
        var run = CliRun.Done("evaluate", ColoredModel.Zip, "--data", folder.Path, "--on-invalid-image", "skip");

        StringAssert.StartsWith(run.Output, "1 image: ");
        StringAssert.Contains(run.Error, "skipped ");
    }

    /// <summary>As ImageNet has two classes "crane": the bird is class 134, the machine 517.</summary>
    [TestMethod]
    public void ClassesOfTheSameNameAreDistinguishedByTheirIndex()
    {
        using var folder = new TemporaryFolder();
        string model = ModelWithDuplicateClassName(folder);
        foreach (var (label, from) in new[] { ("crane#0", "blue"), ("crane#1", "green"), ("red", "red") })
            File.Copy(ColoredModel.Image(from), folder.File("images", label, "a.png"));

        var run = CliRun.Done("evaluate", model, "--data", Path.Combine(folder.Path, "images"), "--report", folder.File("report.html"), "--format", "csv");

        CollectionAssert.AreEqual(new[] { "label,images,precision,recall", "crane#0,1,1,1", "crane#1,1,1,1", "red,1,1,1" }, run.OutputLines);
        StringAssert.Contains(File.ReadAllText(folder.File("report.html")), "crane#1");
    }

    [TestMethod]
    public void AnAmbiguousLabelIsRejected()
    {
        using var folder = new TemporaryFolder();
        string model = ModelWithDuplicateClassName(folder);
        File.Copy(ColoredModel.Image("blue"), folder.File("images", "crane", "a.png"));

        CliRun.Of("evaluate", model, "--data", Path.Combine(folder.Path, "images")).AssertFailed(1, "2 classes of the model have that name; label its images crane#0 or crane#1");
    }

    /// <summary>The classes blue and green, renamed.</summary>
    private static string ModelWithDuplicateClassName(TemporaryFolder folder)
    {
        string model = folder.File("model", "x")[..^2];
        CliRun.Done("export", "safetensors", ColoredModel.Zip, "--out", model);
        string config = Path.Combine(model, "config.json"), text = File.ReadAllText(config);
        StringAssert.Contains(text, "\"blue\"");
        File.WriteAllText(config, text.Replace("\"blue\"", "\"crane\"", StringComparison.Ordinal).Replace("\"green\"", "\"crane\"", StringComparison.Ordinal));
        return model;
    }
}
