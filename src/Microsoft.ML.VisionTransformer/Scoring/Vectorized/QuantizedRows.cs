// Rows of activations as bytes, each row with its own scale.
using System.Runtime.CompilerServices;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Memory for the activations that an int8 product reads. Each row is quantized by its own range, as it is computed: x = (byte - zero) scale, where
/// <c>zero</c> is the byte that stands for 0. The range of a row includes 0.
/// </summary>
internal sealed unsafe class QuantizedRows : IDisposable
{
    /// <summary>The largest byte.</summary>
    internal const int Largest = byte.MaxValue;

    /// <summary>Rows start in different sets of the first-level cache, as in <see cref="FusedWorkspace"/>.</summary>
    private const int CacheLine = 64;

    private readonly FloatBuffer _memory;
    private readonly ByteRow* _scales;
    private readonly byte* _values;

    /// <param name="rows">Number of rows.</param>
    /// <param name="length">Values of the longest row.</param>
    internal QuantizedRows(int rows, int length)
    {
        long scales = (long)rows * sizeof(ByteRow) / sizeof(float);
        _memory = new FloatBuffer(scales + ((long)rows * Stride(length) / sizeof(float)));
        _scales = (ByteRow*)_memory.Start;
        _values = (byte*)(_memory.Start + scales);
    }

    /// <summary>The activations of a product, starting at a row.</summary>
    /// <param name="first">The row.</param>
    /// <param name="length">Values per row, as they were quantized.</param>
    internal ByteRows From(int first, int length) =>
        new(_values + ((nint)first * Stride(length)), Stride(length), (length + ByteTile.Inputs - 1) / ByteTile.Inputs, _scales + first);

    /// <summary>Quantizes a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="x">Its values.</param>
    /// <param name="length">Number of values, the same for all rows; those up to the next multiple of four become 0.</param>
    internal void Quantize(int row, float* x, int length)
    {
        byte* to = _values + ((nint)row * Stride(length));
        if (Lanes16.IsSupported && length % Lanes16.Count == 0)
            _scales[row] = Quantize<Lanes16>(x, length, to);
        else if (Lanes8.IsSupported)
            _scales[row] = Quantize<Lanes8>(x, length, to);
        else
            _scales[row] = Quantize<Lanes4>(x, length, to);
    }

    public void Dispose() => _memory.Dispose();

    private static int Stride(int length) => ((length + CacheLine - 1) / CacheLine * CacheLine) + CacheLine;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ByteRow Quantize<T>(float* x, int length, byte* to)
        where T : unmanaged, ILanes<T>
    {
        int whole = length - (length % T.Count);
        var (highs, lows, faults, none) = (T.Of(0), T.Of(0), T.Of(0), T.Of(0));
        for (int i = 0; i < whole; i += T.Count)
        {
            var value = T.Load(x + i);
            highs = T.Max(highs, value);
            lows = T.Min(lows, value);
            faults = T.MultiplyAdd(value, none, faults);
        }

        float high = T.Largest(highs), low = -T.Largest(none - lows), fault = T.Sum(faults);
        for (int i = whole; i < length; i++)
            (high, low, fault) = (MathF.Max(high, x[i]), MathF.Min(low, x[i]), fault + (x[i] * 0));

        // Bytes cannot hold NaN or infinity, but a scale of NaN passes them on.
        if (float.IsNaN(fault))
            return new ByteRow(0, float.NaN);
        float scale = (high - low) / Largest, inverse = 1 / scale;

        // A row of zeros has no range; any scale represents it.
        if (!float.IsFinite(inverse))
            scale = inverse = 1;
        int zero = (int)MathF.Round(-low * inverse);
        var (inverses, zeros, largest) = (T.Of(inverse), T.Of(zero), T.Of(Largest));
        for (int i = 0; i < whole; i += T.Count)
            T.StoreBytes(T.Min(largest, T.Max(none, T.Round(T.Load(x + i) * inverses) + zeros)), to + i);
        for (int i = whole; i < length; i++)
            to[i] = (byte)Math.Clamp(MathF.Round(x[i] * inverse) + zero, 0, Largest);
        for (int i = length; i % ByteTile.Inputs > 0; i++)
            to[i] = 0;
        return new ByteRow(zero, scale);
    }
}

/// <summary>The activations that a product reads.</summary>
internal readonly unsafe struct ByteRows(byte* values, int stride, int groups, ByteRow* rows)
{
    private readonly ByteRow* _rows = rows;

    /// <summary>Address of the first row's values.</summary>
    internal byte* Values { get; } = values;

    /// <summary>Offset from one row to the next.</summary>
    internal int Stride { get; } = stride;

    /// <summary>Groups of four inputs.</summary>
    internal int Groups { get; } = groups;

    /// <summary>Zero point and scale of a row.</summary>
    internal ByteRow Row(int row) => _rows[row];

    /// <summary>The activations that start at a row of these.</summary>
    internal ByteRows From(int row) => new(Values + ((nint)row * Stride), Stride, Groups, _rows + row);
}
