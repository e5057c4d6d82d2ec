// Ends a command that went through many images.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class Failures
{
    /// <summary>Tells of images that could not be used, a line each, and gives the exit code.</summary>
    internal static int Report(CommandContext shell, IReadOnlyList<string> problems, int images)
    {
        foreach (string problem in problems)
            shell.WriteMessage(problem);
        if (problems.Count > 0 && images > 1)
            shell.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"{problems.Count} of {images} images could not be used."));
        return problems.Count > 0 ? ExitCode.Failed : ExitCode.Done;
    }
}
