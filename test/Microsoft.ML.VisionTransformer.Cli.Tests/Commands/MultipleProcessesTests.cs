// Commands in several processes: one result, equal to that of a single process.
using System.Text;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class MultipleProcessesTests
{
    private const int Processes = 3;

    [TestMethod]
    [DataRow("text"), DataRow("json"), DataRow("csv")]
    public void PredictionsAreThoseOfOneProcess(string format)
    {
        string[] command = ["predict", ColoredModel.Zip, ColoredModel.Images, "--format", format, "--quiet"];

        AssertSame(CliRun.Done(command), CliRun.InProcesses(Processes, [], command));
    }

    [TestMethod]
    [DataRow("text"), DataRow("json"), DataRow("csv")]
    public void MetricsAreThoseOfOneProcess(string format)
    {
        string[] command = ["evaluate", ColoredModel.Zip, "--data", ColoredModel.Images, "--format", format, "--quiet"];

        AssertSame(CliRun.Done(command), CliRun.InProcesses(Processes, [], command));
    }

    [TestMethod]
    [DataRow("json"), DataRow("csv")]
    public void EmbeddingsAreThoseOfOneProcess(string format)
    {
        using var folder = new TemporaryFolder();
        string[] command = ["features", ColoredModel.Zip, ColoredModel.Images, "--format", format, "--quiet"];

        var alone = CliRun.Done(command);
        AssertSame(alone, CliRun.InProcesses(Processes, [], command));
        AssertSame(alone with { Output = "" }, CliRun.InProcesses(Processes, [], [.. command, "--out", folder.File("f")]));
        Assert.AreEqual(alone.Output, File.ReadAllText(folder.File("f")).ReplaceLineEndings("\n"));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void AReportIsWrittenOnce()
    {
        using var folder = new TemporaryFolder();

        CliRun.InProcesses(2, [], "evaluate", ColoredModel.Zip, "--data", ColoredModel.Images, "--report", folder.File("report.html"), "--quiet");

        StringAssert.Contains(File.ReadAllText(folder.File("report.html")), "colored.zip on images");
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void StandardInputOfOneProcessReachesAll()
    {
        byte[] paths = Encoding.UTF8.GetBytes(string.Join('\n', Directory.EnumerateFiles(ColoredModel.Images, "*", SearchOption.AllDirectories)));
        string[] command = ["predict", ColoredModel.Zip, "-", "--quiet"];

        AssertSame(CliRun.WithInput(paths, command), CliRun.InProcesses(2, paths, command));
    }

    [TestMethod]
    public void AnImageOnStandardInputIsScored()
    {
        byte[] image = File.ReadAllBytes(ColoredModel.Image("red"));
        string[] command = ["predict", ColoredModel.Zip, ColoredModel.Image("blue"), "-", "--quiet"];

        AssertSame(CliRun.WithInput(image, command), CliRun.InProcesses(2, image, command));
    }

    [TestMethod]
    public void FewerImagesThanProcessesAreScored()
    {
        string[] command = ["predict", ColoredModel.Zip, ColoredModel.Image("red"), "--quiet"];

        AssertSame(CliRun.Done(command), CliRun.InProcesses(4, [], command));
    }

    [TestMethod]
    public void UnreadableImagesAreReportedOnce()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Image("red"), folder.File("0.png"));
        File.WriteAllText(folder.File("1.png"), "not a photo");
        string[] command = ["predict", ColoredModel.Zip, folder.Path, "missing.png", "--format", "csv", "--quiet"];

        var alone = CliRun.Of(command);
        Assert.AreEqual(1, alone.ExitCode);
        AssertSame(alone, CliRun.InProcesses(2, [], command));
    }

    [TestMethod]
    public void AnImageThatEndsTheCommandEndsAllProcesses()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ColoredModel.Image("red"), folder.File("red", "0.png"));
        File.WriteAllText(folder.File("red", "1.png"), "not a photo");
        string[] command = ["evaluate", ColoredModel.Zip, "--data", folder.Path, "--quiet"];

        var alone = CliRun.Of(command);
        Assert.AreEqual(1, alone.ExitCode);
        AssertSame(alone, CliRun.InProcesses(2, [], command));
    }

    [TestMethod]
    [DataRow(1, "predict", "missing.zip", "photo.png"), DataRow(2, "predict", "model.zip"), DataRow(2, "evaluate", "model.zip", "--dat", "x")]
    public void AnErrorOfAllIsReportedOnce(int code, params string[] command) => AssertSame(CliRun.Of(command), CliRun.InProcesses(2, [], command), code);

    [TestMethod]
    public void ACommandForOneProcessRejectsSeveral()
    {
        var runs = CliRun.InProcesses(2, [], "info", "model.zip");

        runs[0].AssertFailed(2, "info runs in one process, but 2 were started: run it without mpirun.");
        Assert.AreEqual("", runs[1].Error);
    }

    [TestMethod]
    public void HelpIsShownOnce() => AssertSame(CliRun.Done("predict", "--help"), CliRun.InProcesses(2, [], "predict", "--help"));

    private static void AssertSame(CliRun alone, CliRun[] together, int? code = null)
    {
        Assert.AreEqual(code ?? alone.ExitCode, together[0].ExitCode, together[0].Error);
        Assert.AreEqual(alone, together[0]);
        foreach (var other in together.Skip(1))
            Assert.AreEqual(new CliRun(0, "", ""), other);
    }
}
