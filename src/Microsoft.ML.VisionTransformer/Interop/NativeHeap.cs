// Keeps the memory of freed tensors in the process while it is needed again and again.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// glibc gives the memory of every large tensor back to the system when it is freed, and the next operation pays page faults for the same memory anew: 7 % of a training step and more
/// of a forward pass. With these settings freed memory stays with the process, as it does under other systems' allocators; <see cref="Trim"/> gives it back. They hold
/// for the whole process, so they can be switched off: set the AppContext switch <c>Microsoft.ML.VisionTransformer.KeepNativeMemory</c> to false before the first use.
/// </summary>
internal static partial class NativeHeap
{
    /// <summary>The name of the switch.</summary>
    internal const string Switch = "Microsoft.ML.VisionTransformer.KeepNativeMemory";

    /// <summary>glibc's numbers (malloc.h).</summary>
    private const int TrimThreshold = -1, MmapThreshold = -3;

    /// <summary>The largest number that mallopt takes.</summary>
    private const int Most = int.MaxValue;

    private static readonly Lazy<bool> _kept = new(Set);

    /// <summary>Keeps freed memory from now on, where the system needs to be told.</summary>
    internal static void Keep() => _ = _kept.Value;

    /// <summary>Gives freed memory back to the system.</summary>
    internal static void Trim()
    {
        if (_kept.IsValueCreated && _kept.Value)
            _ = MallocTrim(0);
    }

    private static bool Set()
    {
        if (!OperatingSystem.IsLinux() || (AppContext.TryGetSwitch(Switch, out bool keep) && !keep))
            return false;
        try
        {
            return MallOpt(MmapThreshold, Most) == 1 & MallOpt(TrimThreshold, Most) == 1;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return false;    // another C library, which has its own ways
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallOpt(int parameter, int value);

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MallocTrim(nuint pad);
}
