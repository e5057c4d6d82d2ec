// Detection of the MPI launcher, and the libraries to try for it.
using Microsoft.ML.VisionTransformer.Distributed;
using Microsoft.ML.VisionTransformer.Distributed.Mpi;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed.Mpi;

[TestClass]
public sealed class MpiLauncherTests
{
    [TestMethod]
    [DataRow("OMPI_COMM_WORLD_SIZE PMIX_RANK", "OpenMpi", DisplayName = "Open MPI's mpirun")]
    [DataRow("PMI_RANK PMI_SIZE PMI_FD", "Pmi", DisplayName = "MPICH's mpiexec.hydra")]
    [DataRow("PMI_RANK PMI_SIZE PMI_SMPD_FD", "Pmi", DisplayName = "MS-MPI's mpiexec")]
    [DataRow("SLURM_PROCID PMIX_RANK", "OpenMpi", DisplayName = "srun --mpi=pmix")]
    [DataRow("SLURM_PROCID PMI_RANK PMI_SIZE", "Pmi", DisplayName = "srun --mpi=pmi2")]
    [DataRow("SLURM_PROCID SLURM_NTASKS", "None", DisplayName = "srun alone")]
    [DataRow("PATH HOME", "None", DisplayName = "by hand")]
    public void TheLauncherIsKnownByItsVariables(string variables, string launcher)
    {
        var found = MpiLaunchers.Of(name => variables.Split(' ').Contains(name) ? "1" : null);

        Assert.AreEqual(launcher, found.ToString());
    }

    [TestMethod]
    public void TheLaunchersOwnLibraryIsTriedFirst()
    {
        Requires.Linux("the file names are Linux's");

        Assert.AreEqual("libmpi.so.40", MpiLibraryNames.For(MpiLauncher.OpenMpi, null)[0]);
        Assert.AreEqual("libmpich.so.12", MpiLibraryNames.For(MpiLauncher.Pmi, null)[0]);
    }

    [TestMethod]
    public void ALibraryThatTheUserNamesIsTheOnlyOneTried() =>
        CollectionAssert.AreEqual(new[] { "/opt/mpi/libmpi.so" }, MpiLibraryNames.For(MpiLauncher.OpenMpi, "/opt/mpi/libmpi.so").ToArray());

    [TestMethod]
    public void AProcessStartedByHandIsAloneAndLoadsNothing()
    {
        Assert.IsNull(ProcessGroup.Current);
        Assert.AreEqual((0, 1, true), (DistributedRun.Rank, DistributedRun.Size, DistributedRun.IsMain));
    }

    [TestMethod]
    public void AskingForALauncherSaysWhatToInstall()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ProcessGroup.Required);

        StringAssert.Contains(error.Message, "mpirun -n 4");
        StringAssert.Contains(error.Message, "nstall");
    }

    [TestMethod]
    public void AMissingLibraryIsNamedWithWhatToDo()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => MpiLibrary.Load(["libnothing.so.1", "libnothing.so.2"]));

        StringAssert.Contains(error.Message, "libnothing.so.1, libnothing.so.2");
        StringAssert.Contains(error.Message, MpiLibraryNames.Advice);
    }
}
