// Runs npm.
using System.ComponentModel;
using System.Diagnostics;

namespace OnnxInBrowser;

internal static class Npm
{
    /// <exception cref="InvalidOperationException">npm is not installed or failed.</exception>
    internal static void Run(string folder, params string[] args)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        var output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            string said = $"{error.Trim()} {output.Result.Trim()}";
            throw new InvalidOperationException($"npm {string.Join(' ', args)} failed with exit code {process.ExitCode}: {said}");
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException(
                "npm is needed once, to fetch onnxruntime-web, and does not start. Install Node.js, which has it, and start again.", e);
        }
    }
}
