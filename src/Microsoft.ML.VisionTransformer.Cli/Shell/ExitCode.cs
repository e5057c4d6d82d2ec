// What the shell learns from the process.
namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>Wrong usage is what can be seen from the command line and the configuration file alone; nothing was begun then.</summary>
internal static class ExitCode
{
    internal const int Done = 0, Failed = 1, WrongUsage = 2, Interrupted = 130;
}
