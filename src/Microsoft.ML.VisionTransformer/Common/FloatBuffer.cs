// Float32 values in native memory, aligned to a cache line.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Float32 values at a fixed address that is aligned to a cache line. The memory is outside the garbage-collected heap; dispose the buffer to free it. Code
/// that uses <see cref="Start"/> must keep a reference to the buffer.
/// </summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    /// <summary>Bytes per cache line.</summary>
    private const int Alignment = 64;

    private static long _live;
    private nint _start;

    /// <param name="length">Number of values.</param>
    /// <param name="clear">Whether the values start at zero; if false, the caller must write all of them.</param>
    /// <exception cref="InsufficientMemoryException">The machine does not have enough memory.</exception>
    internal FloatBuffer(long length, bool clear = true)
    {
        nuint bytes = checked((nuint)Math.Max(1, length) * sizeof(float));
        try
        {
            _start = (nint)NativeMemory.AlignedAlloc(bytes, Alignment);
        }
        catch (OutOfMemoryException e)
        {
            throw new InsufficientMemoryException(
                string.Create(CultureInfo.InvariantCulture, $"A block of {length} values needs {bytes / 1e9:F1} GB of memory, more than this machine has free. ")
                + "Use a smaller network or a machine with more memory.",
                e);
        }

        Length = length;
        Interlocked.Increment(ref _live);
        if (clear)
            NativeMemory.Clear((void*)_start, bytes);
    }

    ~FloatBuffer() => Free();

    /// <summary>Number of buffers in this process that are not freed. Tests check that it returns to its earlier value.</summary>
    internal static long LiveCount => Interlocked.Read(ref _live);

    /// <summary>Address of the first value.</summary>
    internal float* Start => (float*)_start;

    /// <summary>Number of values.</summary>
    internal long Length { get; }

    /// <summary>All values; at most <see cref="int.MaxValue"/> of them.</summary>
    internal Span<float> Values => new((float*)_start, checked((int)Length));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        nint start = Interlocked.Exchange(ref _start, 0);
        if (start == 0)
            return;
        NativeMemory.AlignedFree((void*)start);
        Interlocked.Decrement(ref _live);
    }
}
