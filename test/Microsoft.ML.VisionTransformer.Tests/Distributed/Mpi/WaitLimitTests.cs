// The limit on waiting for other processes, set by an environment variable.
using Microsoft.ML.VisionTransformer.Distributed.Mpi;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed.Mpi;

[TestClass]
public sealed class WaitLimitTests
{
    [TestMethod]
    [DataRow(null, 1800)]
    [DataRow("0", 0)]
    [DataRow("45", 45)]
    public void TheLimitIsAWholeNumberOfSeconds(string? value, int seconds) => Assert.AreEqual(seconds, WaitLimit.Seconds(value));

    [TestMethod]
    [DataRow("")]
    [DataRow("-1")]
    [DataRow("1.5")]
    [DataRow("long")]
    public void AnythingElseIsRefused(string value)
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => WaitLimit.Seconds(value));

        StringAssert.Contains(error.Message, WaitLimit.Variable);
    }

    [TestMethod]
    [DataRow("mpirun.openmpi")]
    [DataRow("mpirun.mpich")]
    public void AJobWithAProcessThatDoesNotComeEndsWithAMessage(string launcher)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(launcher);
        using var job = MpiJob.Start(launcher, 2, [new(WaitLimit.Variable, "2")], "stuck");

        var result = job.End();

        Assert.AreNotEqual(0, result.ExitCode);
        StringAssert.Contains(result.Error, $"Rank 0 of 2 on {Environment.MachineName}: waited 2 s for the other processes in MPI_Barrier");
    }
}
