// The lifetime of MPI in this process, the detection of launchers, the signal handlers to keep, and the limit on waiting.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Distributed.Mpi;

/// <summary>
/// MPI can be initialized only once per process, so this is the only type with process-wide state. If the program has initialized MPI itself, that
/// session is used and not finalized.
/// </summary>
internal sealed unsafe class MpiSession
{
    private readonly object _lock = new();
    private readonly bool _ownsMpi;
    private readonly WaitLimit _limit;
    private bool _ended;

    /// <summary>Initializes MPI, or uses the session that the program has initialized.</summary>
    /// <exception cref="InvalidOperationException">MPI has been finalized already, or does not support calls from several threads.</exception>
    /// <exception cref="IOException">MPI fails.</exception>
    internal MpiSession(MpiLibrary library)
    {
        Library = library;
        _ownsMpi = Begin();
        library.Check(library.SetErrorHandler(library.Handles.World, library.Handles.ErrorsReturn), "MPI_Comm_set_errhandler");
        int rank = 0, size = 0;
        library.Check(library.Rank(library.Handles.World, &rank), "MPI_Comm_rank");
        library.Check(library.Size(library.Handles.World, &size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
        _limit = WaitLimit.FromEnvironment(rank, size);
        if (_ownsMpi)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => EndWithProcess();
    }

    internal MpiLibrary Library { get; }

    internal int Rank { get; }

    internal int Size { get; }

    /// <summary>Calls MPI, one thread at a time.</summary>
    internal void Do(string function, Func<MpiLibrary, int> call)
    {
        lock (_lock)
        {
            if (_ended)
                throw new InvalidOperationException($"{function} was called after MPI was finalized: the process is ending.");
            _limit.Begin(function);
            int error = call(Library);
            _limit.End();
            Library.Check(error, function);
        }
    }

    /// <summary>Ends all processes of the job. Does not return while the launcher is running.</summary>
    internal void Abort(int code) => Library.Abort(Library.Handles.World, code);

    private bool Begin()
    {
        int done = 0, level = 0;
        Library.Check(Library.Finalized(&done), "MPI_Finalized");
        if (done != 0)
            throw new InvalidOperationException("MPI has already been finalized in this process and cannot be initialized again. Finalize it only when the process ends.");
        Library.Check(Library.Initialized(&done), "MPI_Initialized");
        if (done == 0)
            Library.Check(Library.InitThread(0, 0, MpiLibrary.Serialized, &level), "MPI_Init_thread");
        else
            Library.Check(Library.QueryThread(&level), "MPI_Query_thread");
        return level >= MpiLibrary.Serialized
            ? done == 0
            : throw new InvalidOperationException($"{Library.Name} was initialized with thread level {level}; {MpiLibrary.Serialized} (MPI_THREAD_SERIALIZED) is needed.");
    }

    /// <summary>
    /// Finalizes MPI when the process exits normally. A process that exits with an error aborts the job, because the others would wait for it.
    /// </summary>
    private void EndWithProcess()
    {
        int done = 0;
        if (Environment.ExitCode != 0)
            Abort(Environment.ExitCode);
        lock (_lock)
        {
            _ended = true;
            _limit.Begin("MPI_Finalize");
            if (Library.Finalized(&done) == 0 && done == 0)
                _ = Library.End();
        }
    }
}

/// <summary>The launchers of a job, which set environment variables of its processes.</summary>
internal enum MpiLauncher
{
    /// <summary>The process was started without a launcher.</summary>
    None,

    /// <summary>Open MPI's mpirun, or a batch system through PMIx, which Open MPI supports.</summary>
    OpenMpi,

    /// <summary>Hydra (MPICH, Intel MPI, MVAPICH), MS-MPI's mpiexec, or a batch system through PMI, which MPICH supports.</summary>
    Pmi,
}

internal static class MpiLaunchers
{
    /// <summary>The launcher of a process with these variables.</summary>
    /// <param name="variable">Returns the value of a variable; null if it is not set.</param>
    internal static MpiLauncher Of(Func<string, string?> variable)
    {
        if (variable("OMPI_COMM_WORLD_SIZE") is not null)
            return MpiLauncher.OpenMpi;
        // Slurm sets its own variables (SLURM_PROCID) without MPI too, so only the PMI variables count.
        if (variable("PMI_RANK") is not null || variable("PMI_SIZE") is not null)
            return MpiLauncher.Pmi;
        return variable("PMIX_RANK") is not null ? MpiLauncher.OpenMpi : MpiLauncher.None;
    }

    /// <summary>Rank of a process among those of the job on the same machine, from 0; 0 if the launcher does not set it.</summary>
    internal static int LocalRank(Func<string, string?> variable)
    {
        string?[] found = [variable("OMPI_COMM_WORLD_LOCAL_RANK"), variable("MPI_LOCALRANKID"), variable("SLURM_LOCALID")];
        return int.TryParse(Array.Find(found, value => value is not null), NumberStyles.None, CultureInfo.InvariantCulture, out int rank) ? rank : 0;
    }
}

/// <summary>
/// Restores signal handlers. The runtime turns signals into exceptions: a null reference in managed code is a SIGSEGV. UCX, the transport of MPICH
/// and often of Open MPI, installs handlers that print a backtrace and forward the signal incorrectly, so the process would crash on its first caught
/// null reference.
/// </summary>
internal sealed unsafe partial class SignalHandlers : IDisposable
{
    /// <summary>Bytes for a struct sigaction; larger than that of any supported system.</summary>
    private const int Size = 512;

    /// <summary>SIGILL, SIGTRAP, SIGABRT, SIGFPE and SIGSEGV have the same numbers everywhere; SIGBUS and SIGCHLD differ between Linux and macOS.</summary>
    private static readonly int[] _signals = [4, 5, 6, 8, 11, .. OperatingSystem.IsLinux() ? [7, 17] : (int[])[10, 20]];

    private readonly byte[][] _actions = [.. _signals.Select(_ => new byte[Size])];

    private SignalHandlers()
    {
        for (int i = 0; i < _signals.Length; i++)
        {
            fixed (byte* action = _actions[i])
                _ = SignalAction(_signals[i], null, action);
        }
    }

    /// <summary>Saves the current handlers and restores them when disposed; null on Windows, which has no signals.</summary>
    internal static SignalHandlers? Keep() => OperatingSystem.IsWindows() ? null : new SignalHandlers();

    public void Dispose()
    {
        for (int i = 0; i < _signals.Length; i++)
        {
            fixed (byte* action = _actions[i])
                _ = SignalAction(_signals[i], action, null);
        }
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SignalAction(int signal, byte* action, byte* previous);
}

/// <summary>
/// Limits the time that a process waits inside MPI, where nothing can be thrown and a broken network connection can block it for hours. After the
/// limit the process writes the reason to standard error and exits; the launcher then ends the rest of the job.
/// </summary>
internal sealed class WaitLimit
{
    /// <summary>Environment variable with the limit in seconds; 0 for no limit.</summary>
    internal const string Variable = "VISION_TRANSFORMER_MPI_TIMEOUT_SECONDS";

    /// <summary>Half an hour, the default of PyTorch's process groups: the slowest process may be writing a checkpoint or preparing images.</summary>
    private const int StandardSeconds = 1800;

    private readonly string _rank;
    private readonly int _seconds;
    private string _function = "";
    private long _began;

    private WaitLimit(string rank, int seconds)
    {
        (_rank, _seconds) = (rank, seconds);
        if (seconds > 0)
            new Thread(Watch) { IsBackground = true, Name = "Vision Transformer wait limit" }.Start();
    }

    /// <exception cref="InvalidOperationException">The variable is not a valid limit.</exception>
    internal static WaitLimit FromEnvironment(int rank, int size) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Rank {rank} of {size} on {Environment.MachineName}"), Seconds(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>The limit in seconds from the value of <see cref="Variable"/>; the default for null.</summary>
    /// <exception cref="InvalidOperationException">The value is not a valid limit.</exception>
    internal static int Seconds(string? value)
    {
        if (value is null)
            return StandardSeconds;
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            ? seconds
            : throw new InvalidOperationException($"{Variable} is '{value}'; it must be a whole number of seconds, or 0 for no limit.");
    }

    /// <summary>Marks the beginning of a wait.</summary>
    internal void Begin(string function)
    {
        _function = function;
        Volatile.Write(ref _began, Stopwatch.GetTimestamp());
    }

    /// <summary>Marks the end of a wait.</summary>
    internal void End() => Volatile.Write(ref _began, 0);

    private void Watch()
    {
        while (true)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            ExitIfExceeded();
        }
    }

    private void ExitIfExceeded()
    {
        long began = Volatile.Read(ref _began);
        if (began == 0 || Stopwatch.GetElapsedTime(began).TotalSeconds < _seconds)
            return;
        Console.Error.WriteLine(
            $"{_rank}: waited {_seconds} s for the other processes in {_function}; exiting. One of them is not responding, or the network between them is down. " +
            $"A training run with a workspace can be resumed from its last checkpoint. {Variable} sets the limit.");
        Console.Error.Flush();
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
