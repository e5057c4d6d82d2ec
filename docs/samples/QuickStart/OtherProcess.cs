// Starts this program again with other arguments and waits for it. Both processes write to the same console.
using System.Diagnostics;

namespace QuickStart;

internal static class OtherProcess
{
    /// <exception cref="InvalidOperationException">The process failed and has written the reason to the console.</exception>
    internal static void Run(IEnumerable<string> args, CancellationToken cancellation)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known, so it cannot be started again.");
        bool startedByDotnet = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        string[] assembly = startedByDotnet ? [typeof(OtherProcess).Assembly.Location] : [];
        using var process = Process.Start(program, [.. assembly, .. args]);
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The other process ended with exit code {process.ExitCode}.");
    }
}
