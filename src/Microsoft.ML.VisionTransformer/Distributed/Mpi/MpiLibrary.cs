// An MPI library: the functions that are used, found by name at run time.
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// The C interface of MPI (MPI Forum, "MPI: A Message-Passing Interface Standard", version 3.1). Every function gives 0 or an error, which
/// <see cref="Check"/> turns into an exception.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>MPI_THREAD_SERIALIZED: any thread may call, one at a time.</summary>
    internal const int Serialized = 2;

    /// <summary>No library's texts are longer.</summary>
    private const int TextLength = 8192;

    private readonly delegate* unmanaged<byte*, int*, int> _libraryVersion;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString;

    private MpiLibrary(nint library, string name)
    {
        Name = name;
        Kind = KindOf(library);
        Handles = Kind == MpiKind.OpenMpi ? MpiHandles.AddressesIn(library) : MpiHandles.Numbers;
        _libraryVersion = (delegate* unmanaged<byte*, int*, int>)NativeLibrary.GetExport(library, "MPI_Get_library_version");
        _errorString = (delegate* unmanaged<int, byte*, int*, int>)NativeLibrary.GetExport(library, "MPI_Error_string");
        Initialized = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "MPI_Initialized");
        Finalized = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "MPI_Finalized");
        QueryThread = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "MPI_Query_thread");
        InitThread = (delegate* unmanaged<nint, nint, int, int*, int>)NativeLibrary.GetExport(library, "MPI_Init_thread");
        End = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "MPI_Finalize");
        Abort = (delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(library, "MPI_Abort");
        SetErrorHandler = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "MPI_Comm_set_errhandler");
        Rank = (delegate* unmanaged<nint, int*, int>)NativeLibrary.GetExport(library, "MPI_Comm_rank");
        Size = (delegate* unmanaged<nint, int*, int>)NativeLibrary.GetExport(library, "MPI_Comm_size");
        Barrier = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "MPI_Barrier");
        Broadcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)NativeLibrary.GetExport(library, "MPI_Bcast");
        AllReduce = (delegate* unmanaged<nint, void*, int, nint, nint, nint, int>)NativeLibrary.GetExport(library, "MPI_Allreduce");
        AllGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)NativeLibrary.GetExport(library, "MPI_Allgather");
        AllGatherVaried = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int>)NativeLibrary.GetExport(library, "MPI_Allgatherv");
    }

    /// <summary>The name it was found under.</summary>
    internal string Name { get; }

    internal MpiKind Kind { get; }

    internal MpiHandles Handles { get; }

    internal delegate* unmanaged<int*, int> Initialized { get; }

    internal delegate* unmanaged<int*, int> Finalized { get; }

    internal delegate* unmanaged<int*, int> QueryThread { get; }

    internal delegate* unmanaged<nint, nint, int, int*, int> InitThread { get; }

    /// <summary>MPI_Finalize.</summary>
    internal delegate* unmanaged<int> End { get; }

    internal delegate* unmanaged<nint, int, int> Abort { get; }

    internal delegate* unmanaged<nint, nint, int> SetErrorHandler { get; }

    internal delegate* unmanaged<nint, int*, int> Rank { get; }

    internal delegate* unmanaged<nint, int*, int> Size { get; }

    internal delegate* unmanaged<nint, int> Barrier { get; }

    internal delegate* unmanaged<void*, int, nint, int, nint, int> Broadcast { get; }

    internal delegate* unmanaged<nint, void*, int, nint, nint, nint, int> AllReduce { get; }

    internal delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> AllGather { get; }

    internal delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, int> AllGatherVaried { get; }

    /// <summary>What the library says of itself, first line: "Open MPI v4.1.4, ...".</summary>
    internal string Version
    {
        get
        {
            byte* text = stackalloc byte[TextLength];
            int length = 0;
            Check(_libraryVersion(text, &length), "MPI_Get_library_version");
            return FirstLine(text, length);
        }
    }

    /// <summary>Loads the first library that is there.</summary>
    /// <param name="names">Names or paths, in the order of trying.</param>
    /// <exception cref="InvalidOperationException">None is there, or it lacks a function.</exception>
    internal static MpiLibrary Load(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, out nint library))
                continue;
            try
            {
                return new MpiLibrary(library, name);
            }
            catch (EntryPointNotFoundException e)
            {
                throw new InvalidOperationException($"{name} is not an MPI library of version 3 that can be used: {e.Message} Set {MpiLibraryNames.Variable} to the path of another.", e);
            }
        }

        throw new InvalidOperationException(
            $"No MPI library was found (tried: {string.Join(", ", names)}). {MpiLibraryNames.Advice}, or set {MpiLibraryNames.Variable} to the path of one, the one whose mpirun starts the program. A training with Distributed set to Off needs none.");
    }

    /// <summary>Turns a function's result into an exception.</summary>
    /// <param name="error">What the function gave.</param>
    /// <param name="function">Its name, for the message.</param>
    /// <exception cref="IOException">It failed.</exception>
    internal void Check(int error, string function)
    {
        if (error == 0)
            return;
        byte* text = stackalloc byte[TextLength];
        int length = 0;
        string reason = _errorString(error, text, &length) == 0 ? FirstLine(text, length) : "no description";
        throw new IOException($"{function} of {Name} failed with error {error}: {reason}");
    }

    private static MpiKind KindOf(nint library)
    {
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _))
            return MpiKind.OpenMpi;
        return NativeLibrary.TryGetExport(library, "MSMPI_Get_version", out _) ? MpiKind.MsMpi : MpiKind.Mpich;
    }

    private static string FirstLine(byte* text, int length) => Encoding.UTF8.GetString(text, Math.Clamp(length, 0, TextLength)).Split('\n')[0].TrimEnd('\0', '\r', ' ', ',');
}
