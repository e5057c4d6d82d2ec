// MPI's life in this process: begun once, ended when the process ends.
namespace Microsoft.ML.VisionTransformer.Distributed;

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
