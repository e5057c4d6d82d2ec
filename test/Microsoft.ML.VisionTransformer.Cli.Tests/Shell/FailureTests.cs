// Errors after a valid command line.
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Shell;

[TestClass]
public sealed class FailureTests
{
    [TestMethod]
    [DataRow("train --data no-such-folder --out {0}/m.zip", "no-such-folder does not exist")]
    [DataRow("train --data {0} --out {0}/m.zip", "<folder>/<class>/<image>")]
    [DataRow("train --resume --out {0}/m.zip", "nothing to resume")]
    [DataRow("train --data no-such.csv --out {0}/m.zip", "no-such.csv does not exist")]
    [DataRow("predict {0}/no-such.zip x.jpg", "no-such.zip does not exist")]
    [DataRow("predict {0}/broken.zip x.jpg", "broken.zip is not a model")]
    [DataRow("info {0}/no-such", "no-such")]
    [DataRow("info {0}/broken.bin", "broken.bin")]
    [DataRow("evaluate {0}/no-such.zip --data {0}/no-such", "no-such")]
    [DataRow("scaffold {0}/broken.bin --out {0}/x", "is not an ML.NET model.zip")]
    public void WrongInputEndsWithExitCodeOneAndOneLine(string line, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("broken.zip"), "no zip archive");
        File.WriteAllText(folder.File("broken.bin"), "no checkpoint");

        var run = CliRun.Of([.. line.Split(' ').Select(part => part.Replace("{0}", folder.Path, StringComparison.Ordinal))]);

        run.AssertFailed(1, reason);
    }

    [TestMethod]
    public void VerboseShowsTheStackTrace()
    {
        var run = CliRun.Of("info", "no-such.zip", "--verbose");

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Error, "   at Microsoft.ML.VisionTransformer.Cli");
    }
}
