// The innermost loops of matrix products: tiles of 6 rows by 16 columns, 6 by 64 in AVX-512.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>The tile size, and the choice of the loop that computes a tile on this processor.</summary>
internal static unsafe class MatrixTile
{
    internal const int Rows = 6, Columns = 16;

    /// <summary>Panels that are multiplied together for the best speed.</summary>
    internal static int Group => WideTile.IsSupported ? WideTile.Panels : 1;

    /// <summary>A number of rows rounded up to a multiple of <see cref="Rows"/>.</summary>
    internal static int PaddedRows(int rows) => (rows + Rows - 1) / Rows * Rows;

    /// <summary>A number of columns rounded up to a multiple of <see cref="Columns"/>.</summary>
    internal static int PaddedColumns(int columns) => (columns + Columns - 1) / Columns * Columns;

    /// <summary>How many of the remaining panels are multiplied next: a group, or one.</summary>
    internal static int Together(int left) => left >= Group ? Group : 1;

    /// <summary>c = a panels + bias, or c += a panels + bias: [6, depth] times [depth, 16 together].</summary>
    /// <param name="a">Left matrix.</param>
    /// <param name="panels">Consecutive panels of 16 columns of the right matrix, each row-major without gaps.</param>
    /// <param name="together">Number of panels, as returned by <see cref="Together"/>.</param>
    /// <param name="depth">Columns of the left and rows of the right matrix.</param>
    /// <param name="c">Result; six rows are written.</param>
    /// <param name="bias">Values added to every row; null for none.</param>
    /// <param name="add">Whether the result is added to the existing values of c.</param>
    /// <param name="ahead">Address of the values that are needed next; they are prefetched one cache line at a time.</param>
    /// <param name="pace">Rows of the panels processed per prefetched cache line.</param>
    internal static void Multiply(FusedRows a, float* panels, int together, nint depth, FusedRows c, float* bias, bool add, float* ahead, nint pace)
    {
        if (together > 1)
            WideTile.Multiply(a, panels, depth, c, bias, add, ahead, pace);
        else if (NarrowTile.IsSupported)
            NarrowTile.Multiply(a, panels, depth, c, bias, add, ahead, pace);
        else
            SmallTile.Multiply(a, panels, depth, c, bias, add);
    }
}

/// <summary>
/// Twelve sums of eight values each stay in registers while one panel of the right matrix is read. Of the 16 vector registers of AVX2, two more hold the
/// panel's row and one a value of the left matrix (the outer-product scheme of Goto and van de Geijn, 2008, "Anatomy of High-Performance Matrix
/// Multiplication").
/// </summary>
internal static unsafe class NarrowTile
{
    private const int Columns = MatrixTile.Columns;

    /// <summary>Whether the processor has the instructions that the tile uses.</summary>
    internal static bool IsSupported => Lanes8.IsSupported;

    /// <summary>c = a panel + bias, or c += a panel + bias: [6, depth] times [depth, 16].</summary>
    /// <param name="a">Left matrix.</param>
    /// <param name="panel">16 columns of the right matrix, row-major without gaps.</param>
    /// <param name="depth">Columns of the left and rows of the right matrix.</param>
    /// <param name="c">Result; six rows are written.</param>
    /// <param name="bias">16 values added to every row; null for none.</param>
    /// <param name="add">Whether the result is added to the existing values of c.</param>
    /// <param name="ahead">Address of the values that are needed next; they are prefetched one cache line at a time.</param>
    /// <param name="pace">Rows of the panels processed per prefetched cache line.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply(FusedRows a, float* panel, nint depth, FusedRows c, float* bias, bool add, float* ahead, nint pace)
    {
        Vector256<float> left = default, right = default;
        if (bias != null)
        {
            left = Vector256.Load(bias);
            right = Vector256.Load(bias + 8);
        }

        float* c0 = c.Start, c1 = c.Row(1), c2 = c.Row(2), c3 = c.Row(3), c4 = c.Row(4), c5 = c.Row(5);
        Vector256<float> s00 = left, s01 = right, s10 = left, s11 = right, s20 = left, s21 = right;
        Vector256<float> s30 = left, s31 = right, s40 = left, s41 = right, s50 = left, s51 = right;

        float* x = a.Start;
        nint stride = a.Stride, stride3 = 3 * stride, stride5 = 5 * stride;
        for (float* end = panel + (Columns * depth); panel < end; ahead += Columns)
        {
            // One line at a time: many requests at once would delay the panel's own values, which use the same few fill buffers.
            Sse.Prefetch1(ahead);
            float* stop = panel + Math.Min(pace * Columns, (nint)(end - panel)), lastFour = stop - (3 * Columns);

            // Unrolled by four: loop overhead is up to a fifth of the time.
            for (; panel < lastFour; panel += 4 * Columns, x += 4)
            {
                Step(panel, x, stride, stride3, stride5, ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51);
                Step(panel + Columns, x + 1, stride, stride3, stride5, ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51);
                Step(panel + (2 * Columns), x + 2, stride, stride3, stride5, ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51);
                Step(panel + (3 * Columns), x + 3, stride, stride3, stride5, ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51);
            }

            for (; panel < stop; panel += Columns, x++)
                Step(panel, x, stride, stride3, stride5, ref s00, ref s01, ref s10, ref s11, ref s20, ref s21, ref s30, ref s31, ref s40, ref s41, ref s50, ref s51);
        }

        // After the loop: a sum that starts at a large value would lose precision with each small product, and residuals are larger than what a branch
        // adds to them.
        if (add)
        {
            s00 += Vector256.Load(c0);
            s01 += Vector256.Load(c0 + 8);
            s10 += Vector256.Load(c1);
            s11 += Vector256.Load(c1 + 8);
            s20 += Vector256.Load(c2);
            s21 += Vector256.Load(c2 + 8);
            s30 += Vector256.Load(c3);
            s31 += Vector256.Load(c3 + 8);
            s40 += Vector256.Load(c4);
            s41 += Vector256.Load(c4 + 8);
            s50 += Vector256.Load(c5);
            s51 += Vector256.Load(c5 + 8);
        }

        s00.Store(c0);
        s01.Store(c0 + 8);
        s10.Store(c1);
        s11.Store(c1 + 8);
        s20.Store(c2);
        s21.Store(c2 + 8);
        s30.Store(c3);
        s31.Store(c3 + 8);
        s40.Store(c4);
        s41.Store(c4 + 8);
        s50.Store(c5);
        s51.Store(c5 + 8);
    }

    /// <summary>Accumulates one input: one value of each of six rows times a row of the panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        float* panel, float* a, nint strideA, nint stride3, nint stride5,
        ref Vector256<float> s00, ref Vector256<float> s01, ref Vector256<float> s10, ref Vector256<float> s11, ref Vector256<float> s20, ref Vector256<float> s21,
        ref Vector256<float> s30, ref Vector256<float> s31, ref Vector256<float> s40, ref Vector256<float> s41, ref Vector256<float> s50, ref Vector256<float> s51)
    {
        var left = Vector256.Load(panel);
        var right = Vector256.Load(panel + 8);
        var x = Vector256.Create(a[0]);
        s00 = Fma.MultiplyAdd(x, left, s00);
        s01 = Fma.MultiplyAdd(x, right, s01);
        x = Vector256.Create(a[strideA]);
        s10 = Fma.MultiplyAdd(x, left, s10);
        s11 = Fma.MultiplyAdd(x, right, s11);
        x = Vector256.Create(a[2 * strideA]);
        s20 = Fma.MultiplyAdd(x, left, s20);
        s21 = Fma.MultiplyAdd(x, right, s21);
        x = Vector256.Create(a[stride3]);
        s30 = Fma.MultiplyAdd(x, left, s30);
        s31 = Fma.MultiplyAdd(x, right, s31);
        x = Vector256.Create(a[4 * strideA]);
        s40 = Fma.MultiplyAdd(x, left, s40);
        s41 = Fma.MultiplyAdd(x, right, s41);
        x = Vector256.Create(a[stride5]);
        s50 = Fma.MultiplyAdd(x, left, s50);
        s51 = Fma.MultiplyAdd(x, right, s51);
    }
}

/// <summary>
/// The same tile in vectors of four values: NEON on ARM64, SSE on x64, ordinary instructions elsewhere. The panel is read twice, eight columns at a time,
/// because twelve sums fit the 16 vector registers of x64.
/// </summary>
internal static unsafe class SmallTile
{
    private const int Half = MatrixTile.Columns / 2;

    /// <inheritdoc cref="NarrowTile.Multiply"/>
    internal static void Multiply(FusedRows a, float* panel, nint depth, FusedRows c, float* bias, bool add)
    {
        MultiplyHalf(a, panel, depth, c, bias, add);
        MultiplyHalf(a, panel + Half, depth, c.From(0, Half), bias == null ? null : bias + Half, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyHalf(FusedRows a, float* panel, nint depth, FusedRows c, float* bias, bool add)
    {
        float* c0 = c.Start, c1 = c.Row(1), c2 = c.Row(2), c3 = c.Row(3), c4 = c.Row(4), c5 = c.Row(5);
        var start = bias == null ? default : new Row(bias);
        Row s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start;

        float* left = a.Start;
        nint stride = a.Stride, stride3 = 3 * stride, stride5 = 5 * stride;
        for (float* end = panel + (MatrixTile.Columns * depth); panel < end; panel += MatrixTile.Columns, left++)
        {
            var right = new Row(panel);
            s0.AddProduct(left[0], right);
            s1.AddProduct(left[stride], right);
            s2.AddProduct(left[2 * stride], right);
            s3.AddProduct(left[stride3], right);
            s4.AddProduct(left[4 * stride], right);
            s5.AddProduct(left[stride5], right);
        }

        // After the loop, as in NarrowTile.
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

    /// <summary>8 values of a row, in two registers.</summary>
    private struct Row
    {
        private Vector128<float> _first, _second;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Row(float* from)
        {
            _first = Vector128.Load(from);
            _second = Vector128.Load(from + 4);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(float* values)
        {
            _first += Vector128.Load(values);
            _second += Vector128.Load(values + 4);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void AddProduct(float left, in Row right)
        {
            var x = Vector128.Create(left);
            _first = Lanes4.MultiplyAdd(x, right._first, _first);
            _second = Lanes4.MultiplyAdd(x, right._second, _second);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Store(float* to)
        {
            _first.Store(to);
            _second.Store(to + 4);
        }
    }
}

/// <summary>
/// Four panels at a time: 24 sums of 16 values each stay in registers. Of the 32 vector registers of AVX-512, four more hold the panels' row and one a
/// value of the left matrix. Each sum adds the same terms in the same order as in <see cref="NarrowTile"/>; results are equal to the last bit.
/// </summary>
internal static unsafe class WideTile
{
    /// <summary>Panels per tile.</summary>
    internal const int Panels = 4;

    /// <summary>Whether the processor has the instructions that the tile uses.</summary>
    internal static bool IsSupported => Lanes16.IsSupported;

    /// <summary>c = a panels + bias, or c += a panels + bias: [6, depth] times [depth, 64].</summary>
    /// <param name="a">Left matrix.</param>
    /// <param name="panels">Four consecutive panels.</param>
    /// <param name="depth">Columns of the left and rows of the right matrix.</param>
    /// <param name="c">Result; six rows are written.</param>
    /// <param name="bias">64 values added to every row; null for none.</param>
    /// <param name="add">Whether the result is added to the existing values of c.</param>
    /// <param name="ahead">Address of the values that are needed next; they are prefetched one cache line at a time.</param>
    /// <param name="pace">Rows of the panels processed per prefetched cache line.</param>
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
            // One line at a time, as in NarrowTile.
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

        // After the loop, as in NarrowTile.
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

    /// <summary>64 values of a row, in four registers.</summary>
    private struct Row
    {
        private Vector512<float> _first, _second, _third, _fourth;

        /// <param name="from">The first 16 values.</param>
        /// <param name="stride">Offset, in values, from one group of 16 to the next.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Row(float* from, nint stride)
        {
            _first = Avx512F.LoadVector512(from);
            _second = Avx512F.LoadVector512(from + stride);
            _third = Avx512F.LoadVector512(from + (2 * stride));
            _fourth = Avx512F.LoadVector512(from + (3 * stride));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(float* values)
        {
            var other = new Row(values, MatrixTile.Columns);
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
