// train: model, metrics and report from a folder of images.
using Microsoft.ML.VisionTransformer.Cli.Inputs;
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
        StringAssert.Contains(run.Error, "48 training images in 3 classes, 12 test images.");
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

        StringAssert.Contains(run.Error, "1 image could not be read and was left out");
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

    [TestMethod]
    public void ABrokenTestImageEndsTheRunBeforeTheTraining()
    {
        using var folder = WithBrokenImage();

        var run = CliRun.Of(["train", "--data", ColoredModel.Images, "--test-data", folder.File("images", "x")[..^2], "--out", folder.File("m.zip"), "--epochs", "1", .. ColoredModel.Tiny]);

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.ErrorLines[^1], "broken.jpg");
        StringAssert.Contains(run.ErrorLines[^1], "--on-invalid-image skip");
        Assert.DoesNotContain("epoch", run.Error);
        Assert.IsFalse(File.Exists(folder.File("m.zip")));
    }

    [TestMethod]
    public void AllBrokenImagesAreListedAtOnce()
    {
        using var folder = WithBrokenImage();
        File.WriteAllText(folder.File("images", "blue", "also-broken.png"), "");

        var run = CliRun.Of(["train", "--data", folder.File("images", "x")[..^2], "--out", folder.File("m.zip"), .. ColoredModel.Tiny]);

        StringAssert.Contains(run.Error, "broken.jpg: ");
        StringAssert.Contains(run.Error, "also-broken.png: is empty (0 bytes)");
        StringAssert.Contains(run.ErrorLines[^1], "2 of 17 images cannot be read. Training was not started.");
    }

    [TestMethod]
    public void AnUnknownClassInTheTestImagesEndsTheRunBeforeTheTraining()
    {
        using var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.File("test", "x")[..^2], perClass: 2);
        Directory.Move(Path.Combine(folder.Path, "test", "red"), Path.Combine(folder.Path, "test", "rde"));

        var run = CliRun.Of(["train", "--data", ColoredModel.Images, "--test-data", Path.Combine(folder.Path, "test"), "--out", folder.File("m.zip"), .. ColoredModel.Tiny]);

        run.AssertFailed(1, "has the class 'rde', which is not a class of the model; the nearest of its 3 classes is 'red'.");
    }

    [TestMethod]
    public void ABlankLabelMeansNoLabel()
    {
        using var folder = new TemporaryFolder();
        string table = folder.File("t.csv");
        string[] rows = [.. new[] { "red", "green", "blue" }.SelectMany(label => Directory.GetFiles(Path.Combine(ColoredModel.Images, label)).Select((file, i) => $"{file},{(i == 0 ? " " : label)}"))];
        File.WriteAllLines(table, ["ImagePath,Label", .. rows]);

        var run = CliRun.Done(["train", "--data", table, "--out", folder.File("m.zip"), "--epochs", "1", .. ColoredModel.Tiny]);

        StringAssert.Contains(run.Error, "Skipped 3 rows without a label in");
        StringAssert.Contains(run.Error, " without a label in ");
        StringAssert.Contains(run.Error, "in 3 classes");
    }

    [TestMethod]
    public void AFileOrAMissingFolderAsDataIsNamedAsSuch()
    {
        using var folder = new TemporaryFolder();
        string image = ColoredModel.Image("red");

        CliRun.Of(["train", "--data", image, "--out", folder.File("m.zip"), .. ColoredModel.Tiny]).AssertFailed(1, "is a file; expected a folder with one subfolder of images per class");
        CliRun.Of(["train", "--data", folder.File("none"), "--out", folder.File("m.zip"), .. ColoredModel.Tiny]).AssertFailed(1, "none does not exist; expected a folder");
        Assert.IsFalse(Directory.Exists(folder.File("m.training")));
    }

    [TestMethod]
    public void ABrokenLinkIsNamedWithItsTarget()
    {
        Requires.Unix("links, which require privileges on Windows");
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(folder.File("link"), "/gone/photos");

        CliRun.Of(["train", "--data", folder.File("link"), "--out", folder.File("m.zip"), .. ColoredModel.Tiny]).AssertFailed(1, "link is a link to /gone/photos, which does not exist");
        StringAssert.Contains(CliRun.Of("predict", ColoredModel.Zip, folder.File("link")).Error, "link: it is a link to /gone/photos, which does not exist");
    }

    [TestMethod]
    public void AnImageInsteadOfItsPathIsShortenedInTheMessage()
    {
        using var folder = new TemporaryFolder();
        string table = folder.File("t.csv");
        string content = Convert.ToBase64String(new byte[9_000]);
        File.WriteAllLines(table, ["ImagePath,Label", $"{content},red", $"{ColoredModel.Image("blue")},blue", $"{ColoredModel.Image("green")},green"]);

        var train = CliRun.Of(["train", "--data", table, "--out", folder.File("m.zip"), "--test-fraction", "0", .. ColoredModel.Tiny]);
        var predict = CliRun.Of("predict", ColoredModel.Zip, content);

        Assert.AreEqual(1, train.ExitCode);
        Assert.AreEqual(1, predict.ExitCode);
        foreach (string line in train.ErrorLines.Concat(predict.ErrorLines))
            Assert.IsLessThan(700, line.Length, line);
    }

    [TestMethod]
    public void WhatFailsAfterTheTrainingSaysHowToGoOn()
    {
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip"), images = folder.File("images", "x")[..^2];
        ColoredSamples.WriteTo(images, perClass: 20);
        string[] train = ["train", "--data", images, "--out", zip, "--epochs", "1", .. ColoredModel.Tiny];
        CliRun.Done(train);
        string[] test = [.. CsvTable.Read(Path.ChangeExtension(zip, ".test.csv")).Skip(1).Select(row => row[0])];

        // The training deletes a test image after the check and before the evaluation.
        var run = CliRun.WithSideEffect(text => { if (text.Contains("epoch ", StringComparison.Ordinal)) File.Delete(test[0]); }, [.. train, "--force"]);

        Assert.AreEqual(1, run.ExitCode, run.Error);
        StringAssert.Contains(run.ErrorLines[^1], "The model is saved. Evaluate it with: mlnet-vit evaluate");
        StringAssert.EndsWith(run.ErrorLines[^1], Path.ChangeExtension(zip, ".html"), "a period after the command would become part of a pasted path");
        CliRun.Done("predict", zip, ColoredModel.Image("red"));
        Assert.IsFalse(File.Exists(Path.ChangeExtension(zip, ".html")), "the report of the earlier model");
    }

    [TestMethod]
    public void AProcessThatEndsBetweenModelAndReportIsResumedToTheReport()
    {
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip");
        string[] train = ["train", "--data", ColoredModel.Images, "--out", zip, "--epochs", "2", .. ColoredModel.Tiny];

        CliRun.WithSideEffect(text => { if (text.Contains("Saved ", StringComparison.Ordinal)) throw new InvalidOperationException("a power failure"); }, train);
        Assert.IsTrue(File.Exists(zip));
        Assert.IsFalse(File.Exists(Path.ChangeExtension(zip, ".html")));
        var resumed = CliRun.Done("train", "--resume", "--out", zip);

        Assert.DoesNotContain("epoch   1/", resumed.Error);
        Assert.IsTrue(File.Exists(Path.ChangeExtension(zip, ".html")));
        Assert.IsFalse(Directory.Exists(Path.ChangeExtension(zip, ".training")));
    }

    [TestMethod]
    public void ATrainingFromScratchSaysHowLongItTakesAndWhatIsMostlyBetter() =>
        StringAssert.Matches(ColoredModel.Training.Error, new("Training from scratch: 12 epochs take less than two minutes on this machine.*mlnet-vit train --data .* --out .*colored.zip .*--pretrained vit-small"));

    [TestMethod]
    public void TheCommandToPasteHasPathsThatLeadToTheFiles()
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.Done(["train", "--data", ColoredModel.Images, "--out", folder.File("m.zip"), "--epochs", "1", "--no-report", .. ColoredModel.Tiny]);

        StringAssert.Contains(run.Error, $"mlnet-vit train --data {ColoredModel.Images} --out {folder.File("m.zip")} --no-report ");
    }

    [TestMethod]
    public void AnImageThatIsListedTwiceIsEvaluatedTwice()
    {
        using var folder = new TemporaryFolder();
        string red = ColoredModel.Image("red"), blue = ColoredModel.Image("blue");
        File.WriteAllLines(folder.File("t.csv"), ["ImagePath,Label", $"{red},red", $"{blue},blue", $"{red},red"]);

        StringAssert.StartsWith(CliRun.Done("evaluate", ColoredModel.Zip, "--data", folder.File("t.csv")).Output, "3 images: ");
    }

    [TestMethod]
    public void EachEpochHasItsLine()
    {
        for (int epoch = 1; epoch <= 12; epoch++)
            StringAssert.Contains(ColoredModel.Training.Error, $"epoch {epoch,3}/12  loss");
    }

    private static TemporaryFolder WithBrokenImage()
    {
        var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.File("images", "x")[..^2], perClass: 5);
        File.WriteAllText(folder.File("images", "red", "broken.jpg"), "not a photo");
        return folder;
    }
}
