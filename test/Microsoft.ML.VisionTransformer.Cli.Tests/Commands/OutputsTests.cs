// Output files: none is replaced without --force, and each is checked before the work starts.
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class OutputsTests
{
    private static string[][] Commands(string output) =>
    [
        ["train", "--data", ColoredModel.Images, "--out", output, "--epochs", "1", .. ColoredModel.Tiny],
        ["train", "--data", ColoredModel.Images, "--out", output + ".zip", "--report", output, "--epochs", "1", .. ColoredModel.Tiny],
        ["evaluate", ColoredModel.Zip, "--data", ColoredModel.Images, "--report", output],
        ["predict", ColoredModel.Zip, ColoredModel.Image("red"), "--out", output],
        ["features", ColoredModel.Zip, ColoredModel.Image("red"), "--out", output],
        ["export", "onnx", ColoredModel.Zip, "--out", output],
    ];

    [TestMethod]
    public void AnExistingFileIsNotReplacedWithoutForce()
    {
        using var folder = new TemporaryFolder();
        string output = folder.File("output");
        foreach (string[] command in Commands(output))
        {
            File.WriteAllText(output, "precious");

            CliRun.Of(command).AssertFailed(1, "output already exists. Choose another name, or add --force to replace it.");

            Assert.AreEqual("precious", File.ReadAllText(output), string.Join(' ', command));
            CliRun.Done([.. command, "--force"]);
            Assert.AreNotEqual("precious", File.ReadAllText(output), string.Join(' ', command));
        }
    }

    [TestMethod]
    [DataRow("m.html")]
    [DataRow("m.test.csv")]
    public void TheReportAndTheTestListOfAnEarlierTrainingAreNotReplacedEither(string file)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File(file), "precious");

        CliRun.Of(["train", "--data", ColoredModel.Images, "--out", folder.File("m.zip"), "--epochs", "1", .. ColoredModel.Tiny]).AssertFailed(1, $"{file} already exists.");

        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void AFolderOfAnEarlierExportIsNotWrittenToWithoutForce()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("notes.txt"), "precious");

        CliRun.Of("export", "safetensors", ColoredModel.Zip, "--out", folder.Path).AssertFailed(1, "is not empty");

        Assert.HasCount(1, Directory.GetFiles(folder.Path));
        CliRun.Done("export", "safetensors", ColoredModel.Zip, "--out", folder.Path, "--force");
    }

    [TestMethod]
    public void AFolderThatCannotBeCreatedIsNamedBeforeTheWorkStarts()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        foreach (string[] command in Commands(Path.Combine(folder.Path, "file", "inside")))
            CliRun.Of(command).AssertFailed(1, "cannot be created: a file with that name exists.");
    }

    [TestMethod]
    public void AFolderAsOutputFileIsRefused()
    {
        using var folder = new TemporaryFolder();

        CliRun.Of("predict", ColoredModel.Zip, ColoredModel.Image("red"), "--out", folder.Path).AssertFailed(1, "is a folder; specify a file name.");
    }

    [TestMethod]
    public void PredictionsGoToTheFile()
    {
        using var folder = new TemporaryFolder();
        string table = folder.File("p.csv");

        var run = CliRun.Done("predict", ColoredModel.Zip, ColoredModel.Image("red"), "--format", "csv", "--top", "1", "--out", table);

        Assert.AreEqual("", run.Output);
        Assert.AreEqual(CliRun.Done("predict", ColoredModel.Zip, ColoredModel.Image("red"), "--format", "csv", "--top", "1").Output, File.ReadAllText(table));
    }
}
