// Weights in 8-bit integers.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>
/// Whole numbers with a scale for each row: w is about values * scale. The largest magnitude of a row is <see cref="Largest"/>, and zero is zero.
/// </summary>
/// <param name="Values">Row-major, signed.</param>
/// <param name="Scales">One a row.</param>
internal sealed record QuantizedWeights(byte[] Values, float[] Scales)
{
    /// <summary>Ends of the names of the two initializers.</summary>
    internal const string ValuesMark = ".int8", ScalesMark = ".scale";

    /// <summary>
    /// 7 bits and a sign bit of 8: processors with AVX2 but no VNNI add two products of unsigned and signed bytes in 16 bits and cut the sum off at 32767;
    /// 2 * 255 * 64 still
    /// fits.
    /// </summary>
    private const int Largest = 64;

    /// <summary>Quantizes a matrix of that many rows.</summary>
    internal static QuantizedWeights Of(ReadOnlySpan<float> weights, int rows)
    {
        int columns = weights.Length / rows;
        var quantized = new QuantizedWeights(new byte[weights.Length], new float[rows]);
        for (int row = 0; row < rows; row++)
            quantized.Scales[row] = Quantize(weights.Slice(row * columns, columns), quantized.Values.AsSpan(row * columns, columns));
        return quantized;
    }

    /// <summary>The values with rows and columns exchanged.</summary>
    internal byte[] Transposed()
    {
        int rows = Scales.Length, columns = Values.Length / rows;
        byte[] transposed = new byte[Values.Length];
        for (int i = 0; i < Values.Length; i++)
            transposed[i % columns * rows + i / columns] = Values[i];
        return transposed;
    }

    private static float Quantize(ReadOnlySpan<float> row, Span<byte> values)
    {
        float largest = 0;
        foreach (float weight in row)
            largest = Math.Max(largest, Math.Abs(weight));
        float scale = largest == 0 ? 1 : largest / Largest;
        for (int i = 0; i < row.Length; i++)
            values[i] = unchecked((byte)(sbyte)Math.Round(row[i] / scale));
        return scale;
    }
}
