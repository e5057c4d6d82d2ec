// The families of MPI libraries that differ in how a program names communicators and types.
namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>MPI's C interface leaves the handles to the library: a program is compiled against one family.</summary>
internal enum MpiKind
{
    /// <summary>Handles are addresses of variables that the library exports.</summary>
    OpenMpi,

    /// <summary>MPICH and what shares its binary interface (Intel MPI, MVAPICH, Cray MPI): handles are numbers.</summary>
    Mpich,

    /// <summary>Microsoft's, which keeps MPICH's numbers. Written from its header; never run by the authors.</summary>
    MsMpi,
}
