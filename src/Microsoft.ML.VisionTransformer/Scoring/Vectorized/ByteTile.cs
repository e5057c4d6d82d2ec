// The innermost loop of int8 products: tiles of 6 rows by two vectors of outputs.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// The int8 counterpart of <see cref="MatrixTile"/>, with the same rows and panels. A panel of 16 outputs is stored four inputs at a time: 64 bytes hold the
/// weights of inputs 0 to 3 for output 0, then for output 1, and so on.
/// </summary>
internal static unsafe class ByteTile
{
    /// <summary>Inputs that are stored and multiplied together.</summary>
    internal const int Inputs = 4;

    /// <summary>Bytes of a panel per group of inputs: one cache line.</summary>
    internal const int GroupBytes = Inputs * MatrixTile.Columns;

    /// <summary>
    /// Whether products of two neighboring inputs are first added in an int16, which saturates (VPMADDUBSW). Weights are then quantized so that two neighbors of the
    /// same sign add up to at most 128 in absolute value: a sum is at most 255 x 128 = 32,640. Instructions that add four products to an int32 do not need this.
    /// </summary>
    internal static bool AddsPairsInInt16 => !VnniLanes.IsSupported && Ssse3.IsSupported;

    /// <summary>Panels that are multiplied together: two with 512-bit vectors, which each hold the sums of a whole panel.</summary>
    internal static int Together(int left) => left > 1 && !VnniLanes.IsSupported && Avx512ByteLanes.IsSupported ? 2 : 1;

    /// <summary>Computes six rows of one or two panels of outputs.</summary>
    /// <param name="a">The first row of activations; six rows are read.</param>
    /// <param name="panels">The weights of the panels, one panel after the other.</param>
    /// <param name="together">Number of panels, as returned by <see cref="Together"/>.</param>
    /// <param name="columns">The outputs' sums, scales and bias.</param>
    /// <param name="y">The result; six rows are written.</param>
    /// <param name="add">Whether the result is added to the existing values of y.</param>
    internal static void Multiply(in ByteRows a, sbyte* panels, int together, in ByteColumns columns, FusedRows y, bool add)
    {
        if (together == 2)
        {
            Multiply<Avx512ByteLanes, Vector512<int>>(a, panels, panels + ((nint)a.Groups * GroupBytes), columns, y, add);
        }
        else if (VnniLanes.IsSupported)
        {
            Multiply<VnniLanes, Vector256<int>>(a, panels, panels + (GroupBytes / 2), columns, y, add);
        }
        else if (Avx2ByteLanes.IsSupported)
        {
            MultiplyVectors<Avx2ByteLanes, Vector256<int>>(a, panels, columns, y, add);
        }
        else
        {
            MultiplyVectors<SmallByteLanes, Vector128<int>>(a, panels, columns, y, add);
        }
    }

    /// <summary>Computes a panel one vector of outputs at a time: with two, the sums and intermediate results would not fit 16 vector registers.</summary>
    private static void MultiplyVectors<TLanes, T>(in ByteRows a, sbyte* panel, in ByteColumns columns, FusedRows y, bool add)
        where TLanes : struct, IByteLanes<T>
        where T : struct
    {
        for (int output = 0; output < MatrixTile.Columns; output += TLanes.Count)
            MultiplyVector<TLanes, T>(a, panel + (output * Inputs), columns.From(output), y.From(0, output), add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TLanes, T>(in ByteRows a, sbyte* left, sbyte* right, in ByteColumns columns, FusedRows y, bool add)
        where TLanes : struct, IByteLanes<T>
        where T : struct
    {
        T s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        T s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        byte* x = a.Values;
        nint stride = a.Stride, stride3 = 3 * stride, stride5 = 5 * stride;
        for (sbyte* end = left + ((nint)a.Groups * GroupBytes); left < end; left += GroupBytes, right += GroupBytes, x += Inputs)
        {
            var (w0, w1) = (TLanes.Load(left), TLanes.Load(right));
            var value = TLanes.Broadcast(x);
            s00 = TLanes.Add(s00, value, w0);
            s01 = TLanes.Add(s01, value, w1);
            value = TLanes.Broadcast(x + stride);
            s10 = TLanes.Add(s10, value, w0);
            s11 = TLanes.Add(s11, value, w1);
            value = TLanes.Broadcast(x + (2 * stride));
            s20 = TLanes.Add(s20, value, w0);
            s21 = TLanes.Add(s21, value, w1);
            value = TLanes.Broadcast(x + stride3);
            s30 = TLanes.Add(s30, value, w0);
            s31 = TLanes.Add(s31, value, w1);
            value = TLanes.Broadcast(x + (4 * stride));
            s40 = TLanes.Add(s40, value, w0);
            s41 = TLanes.Add(s41, value, w1);
            value = TLanes.Broadcast(x + stride5);
            s50 = TLanes.Add(s50, value, w0);
            s51 = TLanes.Add(s51, value, w1);
        }

        var outputs = columns.Load<TLanes, T>();
        TLanes.Store(s00, a.Row(0), outputs, y.Row(0), add);
        TLanes.Store(s10, a.Row(1), outputs, y.Row(1), add);
        TLanes.Store(s20, a.Row(2), outputs, y.Row(2), add);
        TLanes.Store(s30, a.Row(3), outputs, y.Row(3), add);
        TLanes.Store(s40, a.Row(4), outputs, y.Row(4), add);
        TLanes.Store(s50, a.Row(5), outputs, y.Row(5), add);
        outputs = columns.From(TLanes.Count).Load<TLanes, T>();
        y = y.From(0, TLanes.Count);
        TLanes.Store(s01, a.Row(0), outputs, y.Row(0), add);
        TLanes.Store(s11, a.Row(1), outputs, y.Row(1), add);
        TLanes.Store(s21, a.Row(2), outputs, y.Row(2), add);
        TLanes.Store(s31, a.Row(3), outputs, y.Row(3), add);
        TLanes.Store(s41, a.Row(4), outputs, y.Row(4), add);
        TLanes.Store(s51, a.Row(5), outputs, y.Row(5), add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyVector<TLanes, T>(in ByteRows a, sbyte* panel, in ByteColumns columns, FusedRows y, bool add)
        where TLanes : struct, IByteLanes<T>
        where T : struct
    {
        T s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
        byte* x = a.Values;
        nint stride = a.Stride, stride3 = 3 * stride, stride5 = 5 * stride;
        for (sbyte* end = panel + ((nint)a.Groups * GroupBytes); panel < end; panel += GroupBytes, x += Inputs)
        {
            var weights = TLanes.Load(panel);
            s0 = TLanes.Add(s0, TLanes.Broadcast(x), weights);
            s1 = TLanes.Add(s1, TLanes.Broadcast(x + stride), weights);
            s2 = TLanes.Add(s2, TLanes.Broadcast(x + (2 * stride)), weights);
            s3 = TLanes.Add(s3, TLanes.Broadcast(x + stride3), weights);
            s4 = TLanes.Add(s4, TLanes.Broadcast(x + (4 * stride)), weights);
            s5 = TLanes.Add(s5, TLanes.Broadcast(x + stride5), weights);
        }

        var outputs = columns.Load<TLanes, T>();
        TLanes.Store(s0, a.Row(0), outputs, y.Row(0), add);
        TLanes.Store(s1, a.Row(1), outputs, y.Row(1), add);
        TLanes.Store(s2, a.Row(2), outputs, y.Row(2), add);
        TLanes.Store(s3, a.Row(3), outputs, y.Row(3), add);
        TLanes.Store(s4, a.Row(4), outputs, y.Row(4), add);
        TLanes.Store(s5, a.Row(5), outputs, y.Row(5), add);
    }
}
