// The resources of a process after a garbage collection: memory, live tensors, handles and threads.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <param name="WorkingSet">Bytes of the process in memory.</param>
/// <param name="Native">Bytes that native code has allocated and not freed; null if the C library does not report it.</param>
/// <param name="Managed">Bytes of .NET objects.</param>
/// <param name="Tensors">TorchSharp's count of live tensors, and the library's own of live buffers.</param>
/// <param name="Handles">Open handles; on Linux file descriptors.</param>
/// <param name="Threads">Threads of the process.</param>
internal sealed record ProcessState(long WorkingSet, long? Native, long Managed, long Tensors, int Handles, int Threads)
{
    private const double MiB = 1 << 20;

    internal static ProcessState Now()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return new ProcessState(process.WorkingSet64, NativeMemory.InUse(), GC.GetTotalMemory(forceFullCollection: false), torch.Tensor.TotalCount + FloatBuffer.LiveCount, process.HandleCount, process.Threads.Count);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"working set {WorkingSet / MiB:F1} MiB, native {Native / MiB:F2} MiB, managed {Managed / MiB:F1} MiB, live tensors and buffers {Tensors}, handles {Handles}, threads {Threads}");
}
