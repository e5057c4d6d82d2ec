// Runs a built program of this repository as a process, as a user would.
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>Exit code and output of a program.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Error);

internal static class BuiltProgram
{
    private const int TimeoutMilliseconds = 120_000;

    /// <summary>Runs the assembly of the project in that folder, built in the configuration of these tests.</summary>
    internal static ProgramResult Run(string projectFolder, params string[] args)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string assembly = Path.Combine(
            RepositoryRoot(), projectFolder, "bin", framework.Parent!.Name, framework.Name, Path.GetFileName(projectFolder) + ".dll");
        var start = new ProcessStartInfo("dotnet", [assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeoutMilliseconds))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{assembly} {string.Join(' ', args)} did not end.");
        }

        return new ProgramResult(process.ExitCode, output.Result, error.Result);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Microsoft.ML.VisionTransformer.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"Above {AppContext.BaseDirectory} there is no repository.");
        return folder.FullName;
    }
}
