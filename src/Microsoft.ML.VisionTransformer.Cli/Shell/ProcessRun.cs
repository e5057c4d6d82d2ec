// One run of the process: its streams, its signals, its exit code.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Distributed;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class ProcessRun
{
    internal static int Run(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        LeaveTerminalAlone();
        using var interruption = new Interruption();
        return Tool.Run(args, Streams.OfProcess(), interruption.Token, new MpiProcesses());
    }

    /// <summary>
    /// Open MPI's mpirun gives each process a terminal of its own as standard output, and every byte that goes there to the results. The runtime sets up a
    /// terminal of a kind it knows with codes of its own, as soon as any part of the program asks how wide it is.
    /// </summary>
    private static void LeaveTerminalAlone()
    {
        if (Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_SIZE") is not null)
            Environment.SetEnvironmentVariable("TERM", null);
    }
}
