// One run of the process: its streams, its signals, its exit code.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Processes;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class ProcessRun
{
    internal static int Run(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        using var interruption = new Interruption();
        return Tool.Run(args, Streams.OfProcess(), interruption.Token, new MpiProcesses());
    }
}
