// The numbers of a flat tensor as memory that can be written to a file or filled from one.
using System.Buffers;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>32-bit floats in main memory, not copied. The tensor stays the caller's and lives as long as the memory is used.</summary>
internal sealed class TensorMemory(Tensor values) : MemoryManager<float>
{
    /// <summary>Numbers of a part: its bytes fit into a span.</summary>
    private const long MostOfPart = 1L << 28;

    public override Span<float> GetSpan() => MemoryMarshal.Cast<byte, float>(values.bytes);

    /// <summary>Nothing moves.</summary>
    public override unsafe MemoryHandle Pin(int elementIndex = 0) =>
        new(System.Runtime.CompilerServices.Unsafe.AsPointer(ref GetSpan()[elementIndex]));

    public override void Unpin()
    {
    }

    /// <summary>The parts of a flat tensor, [n], in order; they belong to the scope. What is on a device is copied from there.</summary>
    internal static IEnumerable<Tensor> Parts(Tensor flat)
    {
        long length = flat.numel();
        for (long start = 0; start < length; start += MostOfPart)
            yield return flat.narrow(0, start, Math.Min(MostOfPart, length - start)).cpu();
    }

    protected override void Dispose(bool disposing)
    {
    }
}
