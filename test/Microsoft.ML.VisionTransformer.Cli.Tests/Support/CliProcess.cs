// Runs the tool as a separate process.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _output = new(), _error = new();

    private CliProcess(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The command line that starts the tool from a shell.</summary>
    internal static string Command => $"dotnet '{Assembly}'";

    private static string Assembly
    {
        get
        {
            var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            return Path.Combine(SourceTree.Root, "src", "Microsoft.ML.VisionTransformer.Cli", "bin", framework.Parent!.Name, framework.Name, "mlnet-vit.dll");
        }
    }

    /// <summary>
    /// Starts the tool. On Linux it resets the handling of SIGINT: a test run started in the background ignores the signal, and child processes inherit
    /// that.
    /// </summary>
    internal static CliProcess Start(string[] args) => OperatingSystem.IsLinux()
        ? new CliProcess(new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Assembly, .. args]))
        : new CliProcess(new ProcessStartInfo("dotnet", [Assembly, .. args]));

    /// <summary>Starts the tool in several processes on this machine. Call <see cref="Requires.MpiLauncher"/> first.</summary>
    internal static CliProcess Mpi(int processes, string launcher, params string[] args)
    {
        string[] settings = launcher.Contains("openmpi", StringComparison.Ordinal) ? ["--oversubscribe", "--bind-to", "none"] : [];
        string[] command = [.. settings, "-n", processes.ToString(CultureInfo.InvariantCulture), "dotnet", Assembly, .. args];
        var start = new ProcessStartInfo(launcher, command) { RedirectStandardInput = true };
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";    // containers often run as root
        start.Environment["OMP_NUM_THREADS"] = "1";
        return new CliProcess(start);
    }

    internal static CliProcess Shell(string line) => new(new ProcessStartInfo("sh", ["-c", line]));

    internal void WaitForError(string text)
    {
        var clock = Stopwatch.StartNew();
        while (!Text(_error).Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited || clock.Elapsed > _timeout)
                Assert.Fail($"'{text}' was not written: {Text(_error)}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Sends SIGINT, as Ctrl-C does.</summary>
    internal void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Writes standard input and closes it.</summary>
    internal void Write(string input)
    {
        _process.StandardInput.Write(input);
        _process.StandardInput.Close();
    }

    internal CliRun WaitForEnd()
    {
        if (!_process.WaitForExit(_timeout))
        {
            _process.Kill(entireProcessTree: true);
            Assert.Fail($"The process did not end: {Text(_error)}");
        }

        _process.WaitForExit();    // waits until both streams have been read to the end
        return new CliRun(_process.ExitCode, Text(_output), Text(_error));
    }

    public void Dispose() => _process.Dispose();

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.Append(line).Append('\n');
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}
