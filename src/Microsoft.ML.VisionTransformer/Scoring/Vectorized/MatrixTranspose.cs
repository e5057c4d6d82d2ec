// Transposes matrices, 8 by 8 values at a time.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>Transposes float32 matrices, with AVX where the processor has it.</summary>
internal static unsafe class MatrixTranspose
{
    /// <summary>Rows and columns of a square.</summary>
    private const int Side = 8;

    /// <summary>Writes the columns of a matrix as rows, with each value multiplied by a factor.</summary>
    /// <param name="from">The matrix.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="to">Receives the result, [columns, rows].</param>
    /// <param name="factor">The factor; 1 leaves the values unchanged, bit for bit.</param>
    internal static void Transpose(FusedRows from, int rows, int columns, FusedRows to, float factor = 1)
    {
        int wholeRows = Avx.IsSupported ? rows / Side * Side : 0, wholeColumns = columns / Side * Side;
        for (int row = 0; row < wholeRows; row += Side)
        {
            for (int column = 0; column < wholeColumns; column += Side)
                TransposeSquare(from.Row(row) + column, from.Stride, to.Row(column) + row, to.Stride, factor);
        }

        for (int row = 0; row < rows; row++)
        {
            for (int column = row < wholeRows ? wholeColumns : 0; column < columns; column++)
                to.Row(column)[row] = from.Row(row)[column] * factor;
        }
    }

    /// <remarks>Pairs of rows are interleaved value by value, then two by two, then by halves.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposeSquare(float* from, nint stride, float* to, nint toStride, float factor)
    {
        var factors = Vector256.Create(factor);
        Pairs(from, stride, factors, out var a0, out var a1, out var a2, out var a3);
        Pairs(from + (4 * stride), stride, factors, out var b0, out var b1, out var b2, out var b3);
        Halves(a0, b0, to, to + (4 * toStride));
        Halves(a1, b1, to + toStride, to + (5 * toStride));
        Halves(a2, b2, to + (2 * toStride), to + (6 * toStride));
        Halves(a3, b3, to + (3 * toStride), to + (7 * toStride));
    }

    /// <summary>Four rows to columns of four values: column i and, in the upper half, column i + 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pairs(
        float* from, nint stride, Vector256<float> factors, out Vector256<float> c0, out Vector256<float> c1, out Vector256<float> c2, out Vector256<float> c3)
    {
        var (r0, r1) = (Vector256.Load(from) * factors, Vector256.Load(from + stride) * factors);
        var (r2, r3) = (Vector256.Load(from + (2 * stride)) * factors, Vector256.Load(from + (3 * stride)) * factors);
        var (low01, high01, low23, high23) = (Avx.UnpackLow(r0, r1), Avx.UnpackHigh(r0, r1), Avx.UnpackLow(r2, r3), Avx.UnpackHigh(r2, r3));
        c0 = Avx.Shuffle(low01, low23, 0b01_00_01_00);
        c1 = Avx.Shuffle(low01, low23, 0b11_10_11_10);
        c2 = Avx.Shuffle(high01, high23, 0b01_00_01_00);
        c3 = Avx.Shuffle(high01, high23, 0b11_10_11_10);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(Vector256<float> first, Vector256<float> second, float* low, float* high)
    {
        Avx.Permute2x128(first, second, 0x20).Store(low);
        Avx.Permute2x128(first, second, 0x31).Store(high);
    }
}
