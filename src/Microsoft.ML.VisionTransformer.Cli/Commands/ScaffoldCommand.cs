// scaffold.
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ScaffoldCommand
{
    internal static ExampleCommand Create(Shared shell) => new ExampleCommand("scaffold", "x", (shell.Verbose ? "" : "", ""));
}
