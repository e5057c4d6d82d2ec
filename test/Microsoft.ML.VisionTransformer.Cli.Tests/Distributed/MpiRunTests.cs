// The tool under a real MPI launcher: the output equals that of one process.
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Distributed;

[TestClass]
public sealed class MpiRunTests
{
    private const string OpenMpi = "mpirun.openmpi", Mpich = "mpirun.mpich";

    [TestMethod]
    [DataRow(3, OpenMpi, "predict", "--format", "json", "--top", "0")]
    [DataRow(3, OpenMpi, "evaluate", "--format", "json", "--data")]
    [DataRow(2, Mpich, "predict", "--format", "csv")]
    public void ResultsAreThoseOfOneProcess(int processes, string launcher, string command, params string[] options)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(launcher);
        string[] args = [command, ColoredModel.Zip, .. options, ColoredModel.Images, "--quiet"];

        Assert.AreEqual(CliRun.Done(args), Ended(processes, launcher, args));
    }

    [TestMethod]
    public void OneProcessReadsStandardInputAndWritesTheFile()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(OpenMpi);
        using var folder = new TemporaryFolder();
        string paths = string.Join('\n', Directory.EnumerateFiles(ColoredModel.Images, "*", SearchOption.AllDirectories));

        using var process = CliProcess.Mpi(2, OpenMpi, "features", ColoredModel.Zip, "-", "--out", folder.File("f.csv"), "--quiet");
        process.Write(paths);
        var run = process.WaitForEnd();

        Assert.AreEqual(new CliRun(0, "", ""), run);
        var alone = CliRun.WithInput(System.Text.Encoding.UTF8.GetBytes(paths), "features", ColoredModel.Zip, "-", "--quiet");
        Assert.AreEqual(alone.Output, File.ReadAllText(folder.File("f.csv")).ReplaceLineEndings("\n"));
    }

    [TestMethod]
    [DataRow(1, "it does not exist", "missing.png")]
    [DataRow(2, "--format is 'xml'", "photo.png", "--format", "xml")]
    public void AnErrorIsReportedOnceAndTheLauncherReturnsItsExitCode(int code, string message, params string[] args)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(OpenMpi);
        using var process = CliProcess.Mpi(2, OpenMpi, ["predict", ColoredModel.Zip, .. args]);

        var run = process.WaitForEnd();

        Assert.AreEqual(code, run.ExitCode, run.Error);
        Assert.AreEqual("", run.Output);
        Assert.HasCount(1, run.ErrorLines.Where(line => line.Contains(message, StringComparison.Ordinal)).ToArray(), run.Error);
    }

    [TestMethod]
    public void ATrainingOfTwoProcessesWritesOneModel()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(OpenMpi);
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip");

        var run = Ended(2, OpenMpi, ["train", "--data", ColoredModel.Images, "--out", zip, "--epochs", "3", .. ColoredModel.Tiny]);

        Assert.AreEqual(0, run.ExitCode, run.Error);
        StringAssert.StartsWith(run.Output, "12 images: accuracy ");
        Assert.HasCount(1, run.ErrorLines.Where(line => line.StartsWith("Trained 3 epochs on 4", StringComparison.Ordinal)).ToArray(), run.Error);
        var written = Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName);
        CollectionAssert.AreEquivalent(new[] { "m.zip", "m.html", "m.test.csv" }, written.ToArray());
        Assert.AreEqual(run.Output, CliRun.Done("evaluate", zip, "--data", folder.File("m.test.csv")).Output);
    }

    private static CliRun Ended(int processes, string launcher, string[] args)
    {
        using var process = CliProcess.Mpi(processes, launcher, args);
        return process.WaitForEnd();
    }
}
