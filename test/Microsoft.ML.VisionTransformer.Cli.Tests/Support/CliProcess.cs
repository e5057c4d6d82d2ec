// The tool as a process of its own.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

internal sealed class CliProcess : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

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

    /// <summary>What a shell starts it with.</summary>
    internal static string Command => $"dotnet '{Assembly}'";

    private static string Assembly
    {
        get
        {
            var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            return Path.Combine(SourceTree.Root, "src", "Microsoft.ML.VisionTransformer.Cli", "bin", framework.Parent!.Name, framework.Name, "mlnet-vit.dll");
        }
    }

    /// <summary>Starts it; a test run that was started in the background ignores SIGINT and would hand that down.</summary>
    internal static CliProcess Start(string[] args) => OperatingSystem.IsLinux()
        ? new CliProcess(new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Assembly, .. args]))
        : new CliProcess(new ProcessStartInfo("dotnet", [Assembly, .. args]));

    /// <summary>Starts it in several processes on this machine. The test calls <see cref="Requires.MpiLauncher"/> before.</summary>
    internal static CliProcess Mpi(int processes, string launcher, params string[] args)
    {
        string[] settings = launcher.Contains("openmpi", StringComparison.Ordinal) ? ["--oversubscribe", "--bind-to", "none"] : [];
        string[] command = [.. settings, "-n", processes.ToString(CultureInfo.InvariantCulture), "dotnet", Assembly, .. args];
        var start = new ProcessStartInfo(launcher, command) { RedirectStandardInput = true };
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";    // containers have no other user
        start.Environment["OMP_NUM_THREADS"] = "1";
        return new CliProcess(start);
    }

    internal static CliProcess Shell(string line) => new(new ProcessStartInfo("sh", ["-c", line]));

    internal void WaitForError(string text)
    {
        var clock = Stopwatch.StartNew();
        while (!Text(_error).Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited || clock.Elapsed > _patience)
                Assert.Fail($"'{text}' was not told: {Text(_error)}");
            Thread.Sleep(20);
        }
    }

    /// <summary>What Ctrl-C does.</summary>
    internal void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Gives it all of its standard input.</summary>
    internal void Write(string input)
    {
        _process.StandardInput.Write(input);
        _process.StandardInput.Close();
    }

    internal CliRun WaitForEnd()
    {
        if (!_process.WaitForExit(_patience))
        {
            _process.Kill(entireProcessTree: true);
            Assert.Fail($"It did not end: {Text(_error)}");
        }

        _process.WaitForExit();    // until both streams have been read to their ends
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
