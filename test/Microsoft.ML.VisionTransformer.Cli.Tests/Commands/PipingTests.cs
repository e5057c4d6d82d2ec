// The tool as a process in a shell: pipes, files, exit codes.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class PipingTests
{
    [TestMethod]
    public void PathsComeFromAPipeAndResultsGoToAPipe()
    {
        using var process = CliProcess.Shell($"find '{ColoredModel.Images}/red' -name '*.png' | sort | head -3 | {CliProcess.Command} predict '{ColoredModel.Zip}' - --format json | cat");
        var run = process.WaitForEnd();

        Assert.AreEqual(0, run.ExitCode, run.Error);
        Assert.HasCount(3, run.OutputLines);
        foreach (string line in run.OutputLines)
            Assert.AreEqual("red", JsonDocument.Parse(line).RootElement.GetProperty("label").GetString());
        Assert.AreEqual("", run.Error);
    }

    [TestMethod]
    public void AClosedOutputPipeIsNoError()
    {
        using var process = CliProcess.Shell($"{CliProcess.Command} predict '{ColoredModel.Zip}' '{ColoredModel.Images}' | head -1");
        var run = process.WaitForEnd();

        Assert.AreEqual(0, run.ExitCode, run.Error);
        Assert.HasCount(1, run.OutputLines);
        Assert.AreEqual("", run.Error);
    }

    [TestMethod]
    public void AnImageIsReadFromStandardInputAndTheOutputHasNoColorCodes()
    {
        using var process = CliProcess.Shell($"{CliProcess.Command} predict '{ColoredModel.Zip}' - < '{ColoredModel.Image("blue")}'");
        var run = process.WaitForEnd();

        StringAssert.StartsWith(run.Output, "-: blue ");
        Assert.DoesNotContain("\u001b", run.Output + run.Error);
    }

    [TestMethod]
    [DataRow("info no-such.zip", 1)]
    [DataRow("inform", 2)]
    [DataRow("--help", 0)]
    public void TheProcessEndsWithTheExitCode(string line, int code)
    {
        using var process = CliProcess.Start(line.Split(' '));

        Assert.AreEqual(code, process.WaitForEnd().ExitCode);
    }

    [TestMethod]
    public void SigtermEndsACommandThatWaitsForStandardInput()
    {
        using var folder = new TemporaryFolder();
        string pipe = folder.File("pipe");    // the shell keeps it open for writing, so a reader waits
        using var process = CliProcess.Shell($"mkfifo '{pipe}'; exec 3<>'{pipe}'; {CliProcess.Command} predict '{ColoredModel.Zip}' - < '{pipe}' & p=$!; sleep 4; kill -TERM $p; wait $p; echo ended $?");
        var run = process.WaitForEnd();

        StringAssert.Contains(run.Output, "ended 130");
        StringAssert.Contains(run.Error, "Interrupted.");
    }

    [TestMethod]
    public void AClosedStandardInputIsReported()
    {
        using var process = CliProcess.Shell($"{CliProcess.Command} predict '{ColoredModel.Zip}' - <&-");
        var run = process.WaitForEnd();

        Assert.AreEqual(1, run.ExitCode, run.Error);
        StringAssert.Contains(run.Error, "standard input", StringComparison.OrdinalIgnoreCase);
    }
}
