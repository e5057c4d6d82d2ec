// The innermost loop of all matrix products where registers have 512 bits: 6 rows by 64 columns.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Four panels of <see cref="MatrixTile"/> at a time: 24 sums of 16 numbers stay in registers, of which AVX-512 has 32; four hold the panels' row and one a number of the
/// left matrix. Each number is the same sum in the same order as there, to the last bit.
/// </summary>
internal static unsafe class WideTile
{
    /// <summary>Panels that it takes.</summary>
    internal const int Panels = 4;

    /// <summary>Whether the processor has what the tile is written for.</summary>
    internal static bool IsSupported => Lanes16.IsSupported;

    /// <summary>c = a panels + bias, or c += a panels + bias: [6, depth] times [depth, 64].</summary>
    /// <param name="a">Left matrix.</param>
    /// <param name="panels">Four panels, one behind the other.</param>
    /// <param name="depth">Columns of the left and rows of the right matrix.</param>
    /// <param name="c">Result; six rows are written.</param>
    /// <param name="bias">64 numbers added to every row; null for none.</param>
    /// <param name="add">Whether the result is added to what lies there.</param>
    /// <param name="ahead">Where the numbers lie that are needed next; they are asked for, a cache line at a time.</param>
    /// <param name="pace">How many rows of the panels go by from one line to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply(FusedRows a, float* panels, nint depth, FusedRows c, float* bias, bool add, float* ahead, nint pace)
    {
        float* c0 = c.Start, c1 = c.Row(1), c2 = c.Row(2), c3 = c.Row(3), c4 = c.Row(4), c5 = c.Row(5);
        var start = bias == null ? default : new Row(bias, MatrixTile.Columns);
        Row s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start;

        float* left = a.Start;
        nint panel = depth * MatrixTile.Columns, stride = a.Stride, stride3 = 3 * stride, stride5 = 5 * stride;
        for (float* end = panels + panel; panels < end; ahead += MatrixTile.Columns)
        {
            // One at a time: many requests at once would hold up the panels' own numbers, which come through the same few buffers.
            Sse.Prefetch1(ahead);
            for (float* stop = panels + Math.Min(pace * MatrixTile.Columns, (nint)(end - panels)); panels < stop; panels += MatrixTile.Columns, left++)
            {
                var right = new Row(panels, panel);
                s0.AddProduct(left[0], right);
                s1.AddProduct(left[stride], right);
                s2.AddProduct(left[2 * stride], right);
                s3.AddProduct(left[stride3], right);
                s4.AddProduct(left[4 * stride], right);
                s5.AddProduct(left[stride5], right);
            }
        }

        // Behind the loop, as in NarrowTile.
        if (add)
        {
            s0.Add(c0);
            s1.Add(c1);
            s2.Add(c2);
            s3.Add(c3);
            s4.Add(c4);
            s5.Add(c5);
        }

        s0.Store(c0);
        s1.Store(c1);
        s2.Store(c2);
        s3.Store(c3);
        s4.Store(c4);
        s5.Store(c5);
    }

    /// <summary>64 numbers of a row, in four registers.</summary>
    private struct Row
    {
        private Vector512<float> _first, _second, _third, _fourth;

        /// <param name="from">The first 16 numbers.</param>
        /// <param name="stride">Numbers from there to the next 16.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Row(float* from, nint stride)
        {
            _first = Avx512F.LoadVector512(from);
            _second = Avx512F.LoadVector512(from + stride);
            _third = Avx512F.LoadVector512(from + (2 * stride));
            _fourth = Avx512F.LoadVector512(from + (3 * stride));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(float* numbers)
        {
            var other = new Row(numbers, MatrixTile.Columns);
            _first = Avx512F.Add(_first, other._first);
            _second = Avx512F.Add(_second, other._second);
            _third = Avx512F.Add(_third, other._third);
            _fourth = Avx512F.Add(_fourth, other._fourth);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void AddProduct(float left, in Row right)
        {
            var x = Vector512.Create(left);
            _first = Avx512F.FusedMultiplyAdd(x, right._first, _first);
            _second = Avx512F.FusedMultiplyAdd(x, right._second, _second);
            _third = Avx512F.FusedMultiplyAdd(x, right._third, _third);
            _fourth = Avx512F.FusedMultiplyAdd(x, right._fourth, _fourth);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Store(float* to)
        {
            Avx512F.Store(to, _first);
            Avx512F.Store(to + MatrixTile.Columns, _second);
            Avx512F.Store(to + (2 * MatrixTile.Columns), _third);
            Avx512F.Store(to + (3 * MatrixTile.Columns), _fourth);
        }
    }
}
