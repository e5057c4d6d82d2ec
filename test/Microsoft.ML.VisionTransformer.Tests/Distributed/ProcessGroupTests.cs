// The MPI binding, tested in real jobs.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed;

[TestClass]
public sealed class ProcessGroupTests
{
    [TestMethod]
    [DataRow("mpirun.openmpi", "OpenMpi")]
    [DataRow("mpirun.mpich", "Mpich")]
    public void EveryFunctionGivesEveryProcessTheRightValues(string launcher, string kind)
    {
        Requires.MpiLauncher(launcher);
        var result = MpiJob.Run(launcher, 3, "collectives");

        Assert.AreEqual(0, result.ExitCode, result.Error);
        for (int rank = 0; rank < 3; rank++)
            StringAssert.Contains(result.Output, $"rank {rank} of 3: all right with");
        StringAssert.Contains(result.Output, $"({kind}, ");
    }

    [TestMethod]
    [DataRow("mpirun.openmpi")]
    [DataRow("mpirun.mpich")]
    public void AProcessThatEndsInErrorDoesNotLeaveTheOthersWaiting(string launcher)
    {
        Requires.MpiLauncher(launcher);
        var result = MpiJob.Run(launcher, 2, "mixed-ends");

        Assert.AreEqual(3, result.ExitCode, result.Error);
    }
}
