// Tells from the environment whether an MPI launcher started this process, and whose.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>The programs that start the processes of a job: each puts variables into their environment.</summary>
internal enum MpiLauncher
{
    /// <summary>The process was started by hand.</summary>
    None,

    /// <summary>Open MPI's mpirun, or a batch system through PMIx, which Open MPI speaks.</summary>
    OpenMpi,

    /// <summary>Hydra (MPICH, Intel MPI, MVAPICH), MS-MPI's mpiexec, or a batch system through PMI, which MPICH speaks.</summary>
    Pmi,
}

internal static class MpiLaunchers
{
    /// <summary>The launcher of a process with these variables.</summary>
    /// <param name="variable">A variable's value; null where there is none.</param>
    internal static MpiLauncher Of(Func<string, string?> variable)
    {
        if (variable("OMPI_COMM_WORLD_SIZE") is not null)
            return MpiLauncher.OpenMpi;
        // Slurm's own numbers (SLURM_PROCID) are there without any MPI: only the interface to it counts.
        if (variable("PMI_RANK") is not null || variable("PMI_SIZE") is not null)
            return MpiLauncher.Pmi;
        return variable("PMIX_RANK") is not null ? MpiLauncher.OpenMpi : MpiLauncher.None;
    }

    /// <summary>Number of a process among those of the job on the same machine, from 0; 0 where no launcher says it.</summary>
    internal static int LocalRank(Func<string, string?> variable)
    {
        string?[] found = [variable("OMPI_COMM_WORLD_LOCAL_RANK"), variable("MPI_LOCALRANKID"), variable("SLURM_LOCALID")];
        return int.TryParse(Array.Find(found, value => value is not null), NumberStyles.None, CultureInfo.InvariantCulture, out int rank) ? rank : 0;
    }
}
