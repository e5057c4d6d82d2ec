// Memory for numbers that vector code reads and writes by address.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Float32 numbers at one address, which starts a cache line, for as long as the buffer lives. It is a tensor, so that libtorch's allocator gives the memory and leaks show in the
/// count of live tensors.
/// </summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private readonly Tensor _values;

    /// <param name="length">How many.</param>
    /// <param name="clear">Whether all are zero at first; else the caller writes them all.</param>
    internal FloatBuffer(long length, bool clear = true)
    {
        using var mode = inference_mode(false);
        ReadOnlySpan<long> shape = [Math.Max(1, length)];
        _values = clear ? zeros(shape, dtype: ScalarType.Float32, device: CPU) : empty(shape, dtype: ScalarType.Float32, device: CPU);
        _values.DetachFromDisposeScope();
        Start = Address(_values);
    }

    /// <summary>Where the first number lies.</summary>
    internal float* Start { get; }

    /// <summary>Where the numbers of a contiguous float32 tensor in main memory lie, as long as the tensor lives.</summary>
    internal static float* Address(Tensor tensor)
    {
        fixed (byte* first = tensor.bytes)
            return (float*)first;
    }

    public void Dispose() => _values.Dispose();
}
