// The memory that native code has allocated and not freed, if the C library reports it.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>glibc's statistics: memory in use grows only with a leak, while the working set also grows with heap fragmentation.</summary>
internal static partial class NativeMemory
{
    /// <summary>Bytes in use in all heaps; null with another C library.</summary>
    internal static long? InUse()
    {
        try
        {
            var info = Read();
            return OperatingSystem.IsLinux() ? (long)(info.InUse + info.Mapped) : null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallinfo2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial Info Read();

    /// <summary>mallinfo2(3), glibc 2.33.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Info
    {
        private readonly nuint _arena, _ordinaryFree, _fastFree, _mappedRegions;

        internal readonly nuint Mapped;

        private readonly nuint _most, _fastBytes;

        internal readonly nuint InUse;

        private readonly nuint _free, _top;
    }
}
