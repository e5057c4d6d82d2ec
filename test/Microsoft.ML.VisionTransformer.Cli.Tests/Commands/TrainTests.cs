// train: model, metrics and report from a folder of images.
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class TrainTests
{
    [TestMethod]
    public void TheResultGoesToStandardOutputAndProgressToStandardError()
    {
        var run = ColoredModel.Training;

        Assert.AreEqual(0, run.ExitCode, run.Error);
        StringAssert.StartsWith(run.Output, "12 images: accuracy ");
        StringAssert.Contains(run.Error, "48 training images of 3 classes, 12 test images.");
        StringAssert.Matches(run.Error, new(@"epoch  12/12  loss \d.*images/s"));
    }

    [TestMethod]
    public void ModelReportAndTestListAreWrittenAndTheWorkspaceIsDeleted()
    {
        string zip = ColoredModel.Zip;

        Assert.IsTrue(File.Exists(zip));
        StringAssert.Contains(File.ReadAllText(Path.ChangeExtension(zip, ".html")), "Confusion");
        Assert.HasCount(13, File.ReadAllLines(Path.ChangeExtension(zip, ".test.csv")));
        Assert.IsFalse(Directory.Exists(Path.ChangeExtension(zip, ".training")));
        Assert.IsEmpty(Directory.GetFiles(Path.GetDirectoryName(zip)!, "*.tmp"));
    }

    [TestMethod]
    public void TheModelLoadsInPlainMLNet()
    {
        var context = new MLContext();
        using var model = context.Model.Load(ColoredModel.Zip, out var schema) as IDisposable;

        CollectionAssert.AreEqual(new[] { "Image", "Label" }, schema.Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void TheSameSeedGivesTheSameModel()
    {
        using var folder = new TemporaryFolder();
        string[] Train(string name) => ["train", "--data", ColoredModel.Images, "--out", folder.File(name), "--epochs", "1", "--no-report", .. ColoredModel.Tiny];

        var first = CliRun.Done(Train("a.zip"));
        var second = CliRun.Done(Train("b.zip"));

        Assert.AreEqual(first.Output, second.Output);
        Assert.IsFalse(File.Exists(folder.File("a.html")));
    }

    [TestMethod]
    public void ACorruptImageEndsTheTrainingAndIsNamed()
    {
        using var folder = WithBrokenImage();

        var run = CliRun.Of(["train", "--data", folder.File("images", "x")[..^2], "--out", folder.File("m.zip"), "--epochs", "1", "--test-fraction", "0", .. ColoredModel.Tiny]);

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.ErrorLines[^1], "broken.jpg");
        Assert.IsFalse(File.Exists(folder.File("m.zip")));
        Assert.IsFalse(Directory.Exists(folder.File("m.training")), "a leftover folder would block the next attempt");
    }

    [TestMethod]
    public void ACorruptImageIsSkippedOnRequestAndTheReportListsIt()
    {
        using var folder = WithBrokenImage();

        var run = CliRun.Done(["train", "--data", folder.File("images", "x")[..^2], "--out", folder.File("m.zip"), "--epochs", "1", "--on-invalid-image", "skip", "--test-fraction", "0", .. ColoredModel.Tiny]);

        StringAssert.Contains(run.Error, "1 images could not be read and were left out");
        string report = File.ReadAllText(folder.File("m.html"));
        StringAssert.Contains(report, "red/broken.jpg");
        Assert.DoesNotContain(folder.Path, report);
    }

    [TestMethod]
    public void ASeparateTestFolderIsUsed()
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.Done(["train", "--data", ColoredModel.Images, "--test-data", ColoredModel.Images, "--out", folder.File("m.zip"), "--epochs", "1", "--no-report", .. ColoredModel.Tiny]);

        StringAssert.StartsWith(run.Output, "60 images: ");
    }

    [TestMethod]
    public void PreprocessingAndAugmentationSettingsCombineWithAPretrainedModelOfAnotherSize()
    {
        using var folder = new TemporaryFolder();
        string pretrained = folder.File("pretrained", "x")[..^2];
        CliRun.Done("export", "safetensors", ColoredModel.Zip, "--out", pretrained);

        CliRun.Done(
            "train", "--data", ColoredModel.Images, "--out", folder.File("m.zip"), "--pretrained", pretrained, "--epochs", "1", "--no-report",
            "--resizing", "squash", "--mixup", "0.2", "--horizontal-flip", "false", "--frozen-blocks", "2");
    }

    private static TemporaryFolder WithBrokenImage()
    {
        var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.File("images", "x")[..^2], perClass: 5);
        File.WriteAllText(folder.File("images", "red", "broken.jpg"), "not a photo");
        return folder;
    }
}
