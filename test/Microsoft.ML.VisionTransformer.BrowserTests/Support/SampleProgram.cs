// The built sample as a process, as a user starts it.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal static class SampleProgram
{
    /// <summary>Where it was built to, in the configuration of these tests.</summary>
    internal static string Folder { get; } = Path.Combine(SourceTree.Root, "docs", "samples", "OnnxInBrowser", "bin", Configuration(), "net10.0");

    internal static Process Start(string folder, string[] args, Action<ProcessStartInfo>? change = null)
    {
        string assembly = Path.Combine(folder, "OnnxInBrowser.dll");
        var start = new ProcessStartInfo("dotnet", [assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        change?.Invoke(start);
        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end.</summary>
    internal static (int ExitCode, string Output, string Error) Run(string folder, string[] args, Action<ProcessStartInfo>? change = null)
    {
        using var process = Start(folder, args, change);
        var output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error);
    }

    private static string Configuration() => new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
}
