// Tensor arithmetic with scalars that stay alive until native code has read them, and spans over the memory of tensors.
using System.Buffers;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// TorchSharp passes a number to native code as a <see cref="Scalar"/> with a finalizer, and its operators (<c>a + b</c> is
/// <c>a.add(b, 1)</c>, <c>x * 0.5</c> is <c>x.mul(0.5)</c>) keep that object alive only until its handle is read: a garbage collection
/// at that moment frees the number while native code reads it, and the sum throws or is wrong. Here every scalar outlives its use. A test
/// rejects the operators elsewhere.
/// </summary>
internal static class TensorMath
{
    private static readonly Scalar _one = 1.ToScalar();

    /// <summary>x + y.</summary>
    internal static Tensor Plus(this Tensor x, Tensor y) => x.add(y, _one);

    /// <summary>x += y.</summary>
    internal static Tensor PlusInPlace(this Tensor x, Tensor y) => x.add_(y, _one);

    /// <summary>x += number.</summary>
    internal static Tensor PlusInPlace(this Tensor x, double number)
    {
        using var scalar = number.ToScalar();
        return x.add_(scalar, _one);
    }

    /// <summary>x number.</summary>
    internal static Tensor Times(this Tensor x, double number)
    {
        using var scalar = number.ToScalar();
        return x.mul(scalar);
    }

    /// <summary>x *= number.</summary>
    internal static Tensor TimesInPlace(this Tensor x, double number)
    {
        using var scalar = number.ToScalar();
        return x.mul_(scalar);
    }

    /// <summary>x += factor y.</summary>
    internal static Tensor PlusInPlace(this Tensor x, Tensor y, double factor)
    {
        using var scalar = factor.ToScalar();
        return x.add_(y, scalar);
    }

    /// <summary>x += factor y z, element by element.</summary>
    internal static Tensor PlusProductInPlace(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using var scalar = factor.ToScalar();
        return x.addcmul_(y, z, scalar);
    }

    /// <summary>x += factor y / z, element by element.</summary>
    internal static Tensor PlusQuotientInPlace(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using var scalar = factor.ToScalar();
        return x.addcdiv_(y, z, scalar);
    }
}

/// <summary>The memory of a float32 tensor in main memory, without a copy. The caller owns the tensor and keeps it alive while the memory is used.</summary>
internal sealed class TensorMemory(Tensor values) : MemoryManager<float>
{
    /// <summary>Values per chunk: its bytes fit into a span.</summary>
    private const long ChunkLength = 1L << 28;

    public override Span<float> GetSpan() => MemoryMarshal.Cast<byte, float>(values.bytes);

    /// <summary>Native memory does not move.</summary>
    public override unsafe MemoryHandle Pin(int elementIndex = 0) =>
        new(System.Runtime.CompilerServices.Unsafe.AsPointer(ref GetSpan()[elementIndex]));

    public override void Unpin()
    {
    }

    /// <summary>The chunks of a flat tensor, [n], in order; they belong to the scope. Values on a device are copied to main memory.</summary>
    internal static IEnumerable<Tensor> Chunks(Tensor flat)
    {
        long length = flat.numel();
        for (long start = 0; start < length; start += ChunkLength)
            yield return flat.narrow(0, start, Math.Min(ChunkLength, length - start)).cpu();
    }

    protected override void Dispose(bool disposing)
    {
    }
}
