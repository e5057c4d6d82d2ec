// The sample QuickStart runs as its documentation says, and wrong input ends with one line and an exit code.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed class QuickStartTests
{
    private const string Sample = "docs/samples/QuickStart";

    [TestMethod]
    public void ATinyRun_TrainsTestsSavesAndPredictsInAnotherProcess()
    {
        using var work = new TemporaryFolder();

        var run = BuiltProgram.Run(Sample, "--work", work.Path, "--images-per-class", "5", "--epochs", "1", "--image-size", "16");

        Assert.AreEqual(0, run.ExitCode, run.Error);
        StringAssert.Contains(run.Output, "epoch   1/1");
        StringAssert.Contains(run.Output, "MicroAccuracy");
        StringAssert.Contains(run.Output, "Confusion table");
        StringAssert.Contains(run.Output, "checkerboard");
        string[] afterSaving = run.Output[run.Output.IndexOf("Another process", StringComparison.Ordinal)..].Split('\n');
        StringAssert.Matches(afterSaving[1], new(@"\.jpg: (\w+ \d+\.\d%(, )?){3}"));
        Assert.IsTrue(File.Exists(Path.Combine(work.Path, "model.zip")));
    }

    [TestMethod]
    [DataRow("--epoch 3", "--epoch")]
    [DataRow("--epochs", "--epochs needs a value")]
    [DataRow("--epochs many", "many")]
    [DataRow("--epochs 0", "at least 1")]
    [DataRow("--seed 99999999999", "99999999999")]
    [DataRow("--data no-such-folder", "no-such-folder")]
    [DataRow("--data . --images-per-class 9", "--images-per-class")]
    [DataRow("predict", "predict needs")]
    [DataRow("predict no-such.zip no-such.jpg", "no-such.zip")]
    public void WrongArguments_ExitWithTwoTheReasonAndTheUsage(string arguments, string reason)
    {
        var run = BuiltProgram.Run(Sample, arguments.Split(' '));

        Assert.AreEqual(2, run.ExitCode);
        StringAssert.Contains(run.Error.Split('\n')[0], reason);
        StringAssert.Contains(run.Error, "QuickStart predict <zip> <image>");
        Assert.AreEqual("", run.Output);
    }

    [TestMethod]
    public void Help_ExitsWithZeroAndTheUsage()
    {
        var run = BuiltProgram.Run(Sample, "--help");

        Assert.AreEqual(0, run.ExitCode);
        StringAssert.Contains(run.Output, "--images-per-class");
    }

    [TestMethod]
    public void ABrokenPhoto_ExitsWithOneAndNamesTheFile()
    {
        using var work = new TemporaryFolder();
        for (int i = 0; i < 10; i++)
        {
            File.WriteAllText(work.File("photos", "cats", $"broken-{i}.jpg"), "not a photo");
            File.WriteAllText(work.File("photos", "dogs", $"broken-{i}.jpg"), "not a photo");
        }

        var run = BuiltProgram.Run(Sample, "--data", Path.Combine(work.Path, "photos"), "--work", work.Path, "--epochs", "1");

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Error, "broken-");
        Assert.HasCount(1, run.Error.TrimEnd().Split('\n'));
    }

    [TestMethod]
    public void AnEmptyFolder_ExitsWithOneAndSaysWhatIsExpected()
    {
        using var work = new TemporaryFolder();

        var run = BuiltProgram.Run(Sample, "--data", work.Path, "--work", Path.Combine(work.Path, "work"));

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Error, "<folder>/<class>/<image>");
    }

    [TestMethod]
    public void AnImageSizeBelowOnePatch_ExitsWithOneAndTheLibrarysMessage()
    {
        using var work = new TemporaryFolder();

        var run = BuiltProgram.Run(Sample, "--work", work.Path, "--images-per-class", "5", "--image-size", "4");

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Error, "at least one patch");
    }
}
