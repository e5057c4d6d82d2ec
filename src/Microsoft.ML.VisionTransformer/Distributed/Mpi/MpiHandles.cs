// The names that a library gives to communicator, types and operations.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// What <c>mpi.h</c> defines, as arguments. MPICH's numbers are 32 bits wide and are passed as wider ones: in a register or in an eight-byte place on the stack,
/// where all 64-bit conventions put what is used here, the callee reads the lower half.
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
    /// <summary>The numbers of MPICH's binary interface (libmpi.so.12), which MS-MPI's mpi.h has too.</summary>
    internal static MpiHandles Numbers { get; } = new(
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
    /// <exception cref="EntryPointNotFoundException">One is not there.</exception>
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
