// Starts the worker program under an MPI launcher, as a user would.
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>A job of several processes on this machine; they get one thread each.</summary>
internal sealed class MpiJob : IDisposable
{
    private const int TimeoutMilliseconds = 120_000;
    private const string Worker = "Microsoft.ML.VisionTransformer.MpiWorker";

    private readonly ConcurrentQueue<string> _output = new(), _error = new();

    private MpiJob(Process process)
    {
        Process = process;
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _error.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The launcher.</summary>
    internal Process Process { get; }

    /// <summary>Starts a job. The test calls <see cref="Requires.MpiLauncher"/> first.</summary>
    /// <param name="launcher"><c>mpirun.openmpi</c>, <c>mpirun.mpich</c>, or <c>mpirun</c> for the installed one.</param>
    /// <param name="processes">Number of processes.</param>
    /// <param name="args">Arguments of the worker.</param>
    internal static MpiJob Start(string launcher, int processes, params string[] args) => Start(launcher, processes, [], args);

    /// <inheritdoc cref="Start(string, int, string[])"/>
    /// <param name="launcher">As above.</param>
    /// <param name="processes">As above.</param>
    /// <param name="environment">Environment variables of the processes.</param>
    /// <param name="args">As above.</param>
    internal static MpiJob Start(string launcher, int processes, IEnumerable<KeyValuePair<string, string>> environment, params string[] args)
    {
        string path = Requires.ProgramPath(launcher) ?? throw new InvalidOperationException($"{launcher} is not installed; call Requires.MpiLauncher first.");
        bool openMpi = Path.GetFileName(new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path) is not ("mpiexec.hydra" or "mpiexec.mpich");
        string[] settings = openMpi ? ["--oversubscribe", "--bind-to", "none"] : [];
        var start = new ProcessStartInfo(path, [.. settings, "-n", $"{processes}", "dotnet", Assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";    // containers often run as root
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["UCX_LOG_LEVEL"] = "error";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new MpiJob(Process.Start(start)!);
    }

    /// <summary>Runs the worker as a single process, without a launcher.</summary>
    internal static ProgramResult Alone(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var job = new MpiJob(Process.Start(start)!);
        return job.End();
    }

    /// <summary>Runs a job to its end.</summary>
    internal static ProgramResult Run(string launcher, int processes, params string[] args)
    {
        using var job = Start(launcher, processes, args);
        return job.End();
    }

    /// <summary>Waits for the end.</summary>
    internal ProgramResult End()
    {
        if (!Process.WaitForExit(TimeoutMilliseconds))
            Assert.Fail($"The job did not end in {TimeoutMilliseconds / 1000} s.");
        Process.WaitForExit();    // also waits for the streams
        return new ProgramResult(Process.ExitCode, string.Join('\n', _output), string.Join('\n', _error));
    }

    /// <summary>Waits for a line of output.</summary>
    internal string WaitFor(Func<string, bool> wanted)
    {
        string? found = null;
        bool came = SpinWait.SpinUntil(() => (found = _output.FirstOrDefault(wanted)) is not null || Process.HasExited, TimeoutMilliseconds);
        Assert.IsTrue(came && found is not null, $"The line did not come: {string.Join('\n', _error)}");
        return found!;
    }

    public void Dispose()
    {
        if (!Process.HasExited)
            Process.Kill(entireProcessTree: true);
        Process.Dispose();
    }

    /// <summary>The worker in the configuration of these tests.</summary>
    internal static string Assembly
    {
        get
        {
            var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            return Path.Combine(SourceTree.Root, "test", Worker, "bin", framework.Parent!.Name, framework.Name, Worker + ".dll");
        }
    }

}
