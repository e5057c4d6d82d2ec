// What ends a process that waits for others which do not come.
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed;

[TestClass]
public sealed class WaitWatchTests
{
    [TestMethod]
    [DataRow(null, 1800.0), DataRow("", 1800.0), DataRow("5", 5.0), DataRow("0.5", 0.5)]
    public void TheLimitIsTheVariables(string? value, double seconds) => Assert.AreEqual(TimeSpan.FromSeconds(seconds), WaitWatch.Limit(_ => value));

    [TestMethod]
    public void ZeroWaitsForEver() => Assert.IsNull(WaitWatch.Limit(_ => "0"));

    [TestMethod]
    [DataRow("-1"), DataRow("a minute"), DataRow("NaN"), DataRow("1,5"), DataRow("99999999999")]
    public void WhatIsNoNumberOfSecondsIsRefused(string value)
    {
        var error = Assert.Throws<InvalidOperationException>(() => WaitWatch.Limit(_ => value));

        StringAssert.Contains(error.Message, $"VISION_TRANSFORMER_MPI_TIMEOUT is '{value}'");
    }

    [TestMethod]
    public void TheMessageSaysWhoWaitedForWhatAndHowToChangeIt()
    {
        string message = WaitWatch.Message(1, 4, "MPI_Allreduce", TimeSpan.FromSeconds(60.2), "step 14 of epoch 2");

        StringAssert.Contains(message, $"Rank 1 of 4 on {Environment.MachineName}: MPI_Allreduce has waited 60 s for the other processes, step 14 of epoch 2: ");
        StringAssert.Contains(message, WaitWatch.Variable);
    }

    [TestMethod]
    [DataRow("mpirun.openmpi")]
    [DataRow("mpirun.mpich")]
    public void AJobWithAProcessThatDoesNotComeEndsWithAMessage(string launcher)
    {
        using var job = MpiJob.Start(launcher, 2, [new(WaitWatch.Variable, "2")], "stuck");

        var result = job.End();

        Assert.AreNotEqual(0, result.ExitCode);
        StringAssert.Contains(result.Error, $"Rank 0 of 2 on {Environment.MachineName}: MPI_Barrier has waited ");
    }
}
