// MPI's life in this process: begun once, ended when the process ends.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Distributed.Mpi;

/// <summary>
/// MPI can be initialised once a process and never again after its end, so this is the one place with state of the whole process. A program that uses MPI itself is
/// left in charge: what it has begun is used and not ended.
/// </summary>
internal sealed unsafe class MpiSession
{
    private readonly object _oneAtATime = new();
    private readonly bool _ours;
    private readonly WaitLimit _limit;
    private bool _ended;

    /// <summary>Begins MPI, or joins what the program has begun.</summary>
    /// <exception cref="InvalidOperationException">MPI has ended already, or does not let several threads call it in turn.</exception>
    /// <exception cref="IOException">MPI fails.</exception>
    internal MpiSession(MpiLibrary library)
    {
        Library = library;
        _ours = Begin();
        library.Check(library.SetErrorHandler(library.Handles.World, library.Handles.ErrorsReturn), "MPI_Comm_set_errhandler");
        int rank = 0, size = 0;
        library.Check(library.Rank(library.Handles.World, &rank), "MPI_Comm_rank");
        library.Check(library.Size(library.Handles.World, &size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
        _limit = WaitLimit.FromEnvironment(rank, size);
        if (_ours)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => EndWithProcess();
    }

    internal MpiLibrary Library { get; }

    internal int Rank { get; }

    internal int Size { get; }

    /// <summary>Calls MPI while no other thread does.</summary>
    internal void Do(string function, Func<MpiLibrary, int> call)
    {
        lock (_oneAtATime)
        {
            if (_ended)
                throw new InvalidOperationException($"{function} was called after the end of MPI: the process is ending.");
            _limit.Begin(function);
            int error = call(Library);
            _limit.End();
            Library.Check(error, function);
        }
    }

    /// <summary>Ends all processes of the job. Does not return where the launcher is alive.</summary>
    internal void Abort(int code) => Library.Abort(Library.Handles.World, code);

    private bool Begin()
    {
        int done = 0, level = 0;
        Library.Check(Library.Finalized(&done), "MPI_Finalized");
        if (done != 0)
            throw new InvalidOperationException("MPI has been finalized in this process already, and cannot be initialised again. End it when the process ends.");
        Library.Check(Library.Initialized(&done), "MPI_Initialized");
        if (done == 0)
            Library.Check(Library.InitThread(0, 0, MpiLibrary.Serialized, &level), "MPI_Init_thread");
        else
            Library.Check(Library.QueryThread(&level), "MPI_Query_thread");
        return level >= MpiLibrary.Serialized
            ? done == 0
            : throw new InvalidOperationException($"{Library.Name} was initialised with thread level {level}; {MpiLibrary.Serialized} (MPI_THREAD_SERIALIZED) is needed.");
    }

    /// <summary>A process that ends well says so to the others; one that ends in error would leave them waiting, and ends them.</summary>
    private void EndWithProcess()
    {
        int done = 0;
        if (Environment.ExitCode != 0)
            Abort(Environment.ExitCode);
        lock (_oneAtATime)
        {
            _ended = true;
            _limit.Begin("MPI_Finalize");
            if (Library.Finalized(&done) == 0 && done == 0)
                _ = Library.End();
        }
    }
}

/// <summary>The programs that start the processes of a job: each puts variables into their environment.</summary>
internal enum MpiLauncher
{
    /// <summary>The process was started by hand.</summary>
    None,

    /// <summary>Open MPI's mpirun, or a batch system through PMIx, which Open MPI speaks.</summary>
    OpenMpi,

    /// <summary>Hydra (MPICH, Intel MPI, MVAPICH), MS-MPI's mpiexec, or a batch system through PMI, which MPICH speaks.</summary>
    Pmi,
}

internal static class MpiLaunchers
{
    /// <summary>The launcher of a process with these variables.</summary>
    /// <param name="variable">A variable's value; null where there is none.</param>
    internal static MpiLauncher Of(Func<string, string?> variable)
    {
        if (variable("OMPI_COMM_WORLD_SIZE") is not null)
            return MpiLauncher.OpenMpi;
        // Slurm's own numbers (SLURM_PROCID) are there without any MPI: only the interface to it counts.
        if (variable("PMI_RANK") is not null || variable("PMI_SIZE") is not null)
            return MpiLauncher.Pmi;
        return variable("PMIX_RANK") is not null ? MpiLauncher.OpenMpi : MpiLauncher.None;
    }

    /// <summary>Number of a process among those of the job on the same machine, from 0; 0 where no launcher says it.</summary>
    internal static int LocalRank(Func<string, string?> variable)
    {
        string?[] found = [variable("OMPI_COMM_WORLD_LOCAL_RANK"), variable("MPI_LOCALRANKID"), variable("SLURM_LOCALID")];
        return int.TryParse(Array.Find(found, value => value is not null), NumberStyles.None, CultureInfo.InvariantCulture, out int rank) ? rank : 0;
    }
}

/// <summary>
/// The runtime makes exceptions of signals: a null reference of a user's program is a SIGSEGV. UCX, which carries MPICH and often Open MPI, installs handlers
/// that print a backtrace and pass the signal on wrongly: the process dies of its first caught null reference. What was there before is there again afterwards.
/// </summary>
internal sealed unsafe partial class SignalHandlers : IDisposable
{
    /// <summary>More than any system's struct sigaction, in bytes.</summary>
    private const int Size = 512;

    /// <summary>SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV have these numbers everywhere; then SIGBUS and SIGCHLD of Linux or of macOS.</summary>
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

    /// <summary>Remembers the handlers until it is disposed; null on Windows, which has no signals.</summary>
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
/// A process waits inside MPI, where nothing can be thrown, and a network that has gone silent may let it wait for hours. Past the limit it writes why to the error stream and
/// ends, whereupon the launcher ends the rest of the job.
/// </summary>
internal sealed class WaitLimit
{
    /// <summary>The variable with the limit in seconds; 0 for none.</summary>
    internal const string Variable = "VISION_TRANSFORMER_MPI_TIMEOUT_SECONDS";

    /// <summary>Half an hour, as PyTorch's process groups have it: the slowest process may be writing a checkpoint or preparing images.</summary>
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

    /// <exception cref="InvalidOperationException">The variable has no such value.</exception>
    internal static WaitLimit FromEnvironment(int rank, int size) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Rank {rank} of {size} on {Environment.MachineName}"), Seconds(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>The limit that the variable's value says; null is none given.</summary>
    /// <exception cref="InvalidOperationException">It is no such value.</exception>
    internal static int Seconds(string? value)
    {
        if (value is null)
            return StandardSeconds;
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            ? seconds
            : throw new InvalidOperationException($"{Variable} is '{value}'; it must be a whole number of seconds, or 0 for no limit.");
    }

    /// <summary>A wait begins.</summary>
    internal void Begin(string function)
    {
        _function = function;
        Volatile.Write(ref _began, Stopwatch.GetTimestamp());
    }

    /// <summary>It has ended.</summary>
    internal void End() => Volatile.Write(ref _began, 0);

    private void Watch()
    {
        while (true)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            Look();
        }
    }

    private void Look()
    {
        long began = Volatile.Read(ref _began);
        if (began == 0 || Stopwatch.GetElapsedTime(began).TotalSeconds < _seconds)
            return;
        Console.Error.WriteLine(
            $"{_rank}: has waited {_seconds} s for the other processes in {_function}, and ends. One of them hangs, or the network between them is down. " +
            $"A training with a workspace goes on from its last checkpoint. {Variable} sets the limit.");
        Console.Error.Flush();
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
