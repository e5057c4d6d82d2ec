// Binding to an MPI library, loaded at run time: its functions, handles and file names.
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Distributed.Mpi;

/// <summary>
/// The C interface of MPI (MPI Forum, "MPI: A Message-Passing Interface Standard", version 3.1). Every function returns 0 or an error code, which
/// <see cref="Check"/> turns into an exception.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>MPI_THREAD_SERIALIZED: any thread may call, one at a time.</summary>
    internal const int Serialized = 2;

    /// <summary>Buffer size for texts; no library has longer ones.</summary>
    private const int TextLength = 8192;

    private readonly delegate* unmanaged<byte*, int*, int> _libraryVersion;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString;

    private MpiLibrary(nint library, string name)
    {
        Name = name;
        Kind = KindOf(library);
        Handles = Kind == MpiKind.OpenMpi ? MpiHandles.AddressesIn(library) : MpiHandles.Constants;
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

    /// <summary>The name that the library was found under.</summary>
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

    /// <summary>First line of the library's version text: "Open MPI v4.1.4, ...".</summary>
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

    /// <summary>Loads the first library that exists.</summary>
    /// <param name="names">Names or paths, in the order to try.</param>
    /// <exception cref="InvalidOperationException">None exists, or it lacks a function.</exception>
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
                throw new InvalidOperationException($"{name} is not a usable MPI 3 library: {e.Message} Set {MpiLibraryNames.Variable} to the path of another.", e);
            }
        }

        throw new InvalidOperationException(
            $"No MPI library was found (tried: {string.Join(", ", names)}). {MpiLibraryNames.Advice}, or set {MpiLibraryNames.Variable} to the path of the one whose mpirun starts the program. Training with Distributed set to Off does not need one.");
    }

    /// <summary>Turns a function's result into an exception.</summary>
    /// <param name="error">The result of the function.</param>
    /// <param name="function">Its name, for the message.</param>
    /// <exception cref="IOException">The function failed.</exception>
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

/// <summary>
/// The handles that <c>mpi.h</c> defines, as arguments. MPICH's handles are 32-bit integers but are passed as 64-bit ones: in a register or an
/// eight-byte stack slot, where all 64-bit calling conventions pass these arguments, the callee reads the lower half.
/// </summary>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Byte">MPI_BYTE.</param>
/// <param name="Float">MPI_FLOAT.</param>
/// <param name="Double">MPI_DOUBLE.</param>
/// <param name="Long">MPI_LONG_LONG_INT.</param>
/// <param name="Sum">MPI_SUM.</param>
/// <param name="Max">MPI_MAX.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="InPlace">MPI_IN_PLACE.</param>
internal sealed record MpiHandles(nint World, nint Byte, nint Float, nint Double, nint Long, nint Sum, nint Max, nint ErrorsReturn, nint InPlace)
{
    /// <summary>The constants of MPICH's ABI (libmpi.so.12), which MS-MPI's mpi.h shares.</summary>
    internal static MpiHandles Constants { get; } = new(
        World: 0x44000000,
        Byte: 0x4c00010d,
        Float: 0x4c00040a,
        Double: 0x4c00080b,
        Long: 0x4c000809,
        Sum: 0x58000003,
        Max: 0x58000001,
        ErrorsReturn: 0x54000001,
        InPlace: -1);

    /// <summary>The addresses of Open MPI's variables.</summary>
    /// <exception cref="EntryPointNotFoundException">A variable is missing.</exception>
    internal static MpiHandles AddressesIn(nint library) => new(
        World: NativeLibrary.GetExport(library, "ompi_mpi_comm_world"),
        Byte: NativeLibrary.GetExport(library, "ompi_mpi_byte"),
        Float: NativeLibrary.GetExport(library, "ompi_mpi_float"),
        Double: NativeLibrary.GetExport(library, "ompi_mpi_double"),
        Long: NativeLibrary.GetExport(library, "ompi_mpi_long_long_int"),
        Sum: NativeLibrary.GetExport(library, "ompi_mpi_op_sum"),
        Max: NativeLibrary.GetExport(library, "ompi_mpi_op_max"),
        ErrorsReturn: NativeLibrary.GetExport(library, "ompi_mpi_errors_return"),
        InPlace: 1);
}

/// <summary>The families of MPI libraries. The standard does not define the values of handles, so programs are compiled against one family.</summary>
internal enum MpiKind
{
    /// <summary>Handles are addresses of variables that the library exports.</summary>
    OpenMpi,

    /// <summary>MPICH and libraries with its ABI (Intel MPI, MVAPICH, Cray MPI): handles are integers.</summary>
    Mpich,

    /// <summary>MS-MPI, which uses MPICH's constants. Written from its header; not tested by the authors.</summary>
    MsMpi,
}

internal static class MpiLibraryNames
{
    /// <summary>Environment variable with the library's name or path, for libraries that are not in the lists below.</summary>
    internal const string Variable = "VISION_TRANSFORMER_MPI_LIBRARY";

    private static readonly string[] _openMpi = ["libmpi.so.40", "libmpi.so.20"];
    private static readonly string[] _mpich = ["libmpich.so.12", "libmpi.so.12"];
    private static readonly string[] _windows = ["msmpi.dll", "impi.dll"];

    private static readonly string[] _mac =
    [
        "libmpi.40.dylib", "/opt/homebrew/lib/libmpi.40.dylib", "/usr/local/lib/libmpi.40.dylib", "libmpi.12.dylib", "/opt/homebrew/lib/libmpi.12.dylib", "/usr/local/lib/libmpi.12.dylib",
    ];

    /// <summary>
    /// The names to try, in order. The launcher's own family comes first: a program that loads another family's library starts as a job of one process.
    /// </summary>
    /// <param name="launcher">The launcher of the process.</param>
    /// <param name="chosen">The value of <see cref="Variable"/>; if set, nothing else is tried.</param>
    internal static IReadOnlyList<string> For(MpiLauncher launcher, string? chosen)
    {
        if (!string.IsNullOrWhiteSpace(chosen))
            return [chosen];
        if (OperatingSystem.IsWindows())
            return _windows;
        if (OperatingSystem.IsMacOS())
            return launcher == MpiLauncher.Pmi ? [.. Enumerable.Reverse(_mac)] : _mac;
        return launcher == MpiLauncher.Pmi ? [.. _mpich, .. _openMpi] : [.. _openMpi, .. _mpich];
    }

    /// <summary>Advice for the error when no library is found.</summary>
    internal static string Advice =>
        OperatingSystem.IsWindows() ? "Install MS-MPI's runtime (msmpisetup.exe)"
        : OperatingSystem.IsMacOS() ? "Install one: brew install open-mpi"
        : "Install one: apt-get install openmpi-bin (Debian, Ubuntu), dnf install openmpi (Fedora, RHEL; then module load mpi)";
}
