// Runs the tool as a process: culture, terminal, signals, streams.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Distributed;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class ProcessRun
{
    internal static int Run(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        DisableTerminalSetup();
        using var interruption = new Interruption();
        return Tool.Run(args, Streams.OfProcess(), interruption.Token, new MpiCommunicator());
    }

    /// <summary>
    /// Open MPI's mpirun gives each process a pseudo-terminal as standard output and copies every byte written there to the results. The .NET runtime writes
    /// control codes to a terminal of a known type as soon as any code asks for its width. Without TERM it does not.
    /// </summary>
    private static void DisableTerminalSetup()
    {
        if (Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_SIZE") is not null)
            Environment.SetEnvironmentVariable("TERM", null);
    }
}
