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

    [TestMethod]
    public void TheModelIsNotReplacedByItsOwnResults()
    {
        using var folder = new TemporaryFolder();
        string model = folder.File("m.zip");
        File.Copy(ColoredModel.Zip, model);
        string[][] commands =
        [
            ["predict", model, ColoredModel.Image("red"), "--out", model],
            ["features", model, ColoredModel.Image("red"), "--out", model],
            ["export", "onnx", model, "--out", model],
            ["evaluate", model, "--data", ColoredModel.Images, "--report", model],
            ["compare", model, ColoredModel.Zip, "--data", ColoredModel.Images, "--out", model],
        ];
        foreach (string[] command in commands)
            CliRun.Of([.. command, "--force"]).AssertFailed(2, "they are the same file");

        Assert.AreEqual(new FileInfo(ColoredModel.Zip).Length, new FileInfo(model).Length);
    }

    [TestMethod]
    public void ADeviceOrAPipeIsNotReplaced()
    {
        Requires.Unix("devices and pipes in folders");
        using var folder = new TemporaryFolder();
        using (var process = CliProcess.Shell($"mkfifo '{folder.File("pipe")}'"))
            process.WaitForEnd();

        foreach (string output in new[] { folder.File("pipe"), "/dev/null" })
            CliRun.Of("predict", ColoredModel.Zip, ColoredModel.Image("red"), "--out", output, "--force").AssertFailed(1, "is a device or a pipe, not a file");
    }

    [TestMethod]
    public void TheReportCannotBeTheTestListOrTheModelOrTheWorkspace()
    {
        Requires.Unix("links, which require privileges on Windows");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("real"));
        Directory.CreateSymbolicLink(folder.File("link"), folder.File("real"));
        string[] train = ["train", "--data", ColoredModel.Images, "--out", folder.File("real", "m.zip"), .. ColoredModel.Tiny];

        CliRun.Of([.. train, "--report", folder.File("real", "m.test.csv")]).AssertFailed(2, "the list of test images");
        CliRun.Of([.. train, "--report", folder.File("link", "m.zip")]).AssertFailed(2, "--report and --out are the same file");
        CliRun.Of([.. train, "--report", folder.File("real", "m.training")]).AssertFailed(2, "is also the workspace folder");
    }
}
