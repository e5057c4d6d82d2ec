// Keeps the memory of freed tensors in the process for reuse.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// glibc returns the memory of every large tensor to the system when it is freed, and the next operation pays for page faults on the same memory again: 7 %
/// of a training step and more of a forward pass. With these settings freed memory stays in the process, as with the allocators of other systems;
/// <see cref="Trim"/> returns it. The settings apply to the whole process and can be turned off: set the AppContext switch
/// <c>Microsoft.ML.VisionTransformer.KeepNativeMemory</c> to false before the first use.
/// </summary>
internal static partial class NativeHeap
{
    /// <summary>Name of the AppContext switch. Default true.</summary>
    internal const string Switch = "Microsoft.ML.VisionTransformer.KeepNativeMemory";

    /// <summary>glibc's parameter numbers of mallopt (malloc.h).</summary>
    private const int TrimThreshold = -1, MmapThreshold = -3;

    /// <summary>The largest value that mallopt accepts.</summary>
    private const int MaxThreshold = int.MaxValue;

    /// <summary>Twice the size from which glibc looks at the end of a heap when a block is freed.</summary>
    private const int TrimmedBlock = 128 * 1024;

    private static readonly Lazy<bool> _kept = new(Set);

    /// <summary>Keeps freed memory from now on, on systems that need the setting.</summary>
    internal static void Keep() => _ = _kept.Value;

    /// <summary>Returns freed memory to the system.</summary>
    internal static unsafe void Trim()
    {
        if (!_kept.IsValueCreated || !_kept.Value)
            return;

        // malloc_trim leaves the free end of each thread's heap, up to 64 MB. That of this thread is returned when a block is freed and the threshold allows it.
        _ = MallocTrim(0);
        _ = MallOpt(TrimThreshold, TrimmedBlock);
        NativeMemory.Free(NativeMemory.Alloc(TrimmedBlock));
        _ = MallOpt(TrimThreshold, MaxThreshold);
    }

    private static bool Set()
    {
        if (!OperatingSystem.IsLinux() || (AppContext.TryGetSwitch(Switch, out bool keep) && !keep))
            return false;
        try
        {
            return MallOpt(MmapThreshold, MaxThreshold) == 1 & MallOpt(TrimThreshold, MaxThreshold) == 1;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return false;    // another C library, without these settings
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallOpt(int parameter, int value);

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallocTrim(nuint pad);
}
