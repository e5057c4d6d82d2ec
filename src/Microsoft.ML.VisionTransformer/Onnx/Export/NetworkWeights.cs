// Adds the network's weights to a graph in the type and order that the matrix products need, and quantizes them.
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Onnx.Format;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>
/// Initializers have the names of the network's parameters, which allows the file to be opened again as a checkpoint. Matrices are stored in ONNX's order,
/// [inputs, outputs], with the suffix <see cref="OnnxMetadata.Transposed"/>.
/// </summary>
internal sealed class NetworkWeights(GraphBuilder graph, OnnxModelDescription model, OnnxPrecision precision)
{
    private readonly Dictionary<string, long[]> _shapes = ShapesOf(model.Architecture);

    private OnnxType MatrixType => precision == OnnxPrecision.Float16 ? OnnxType.Float16 : OnnxType.Float32;

    /// <summary>Whether the network has that parameter.</summary>
    internal bool Has(string name) => _shapes.ContainsKey(name);

    /// <summary>A parameter in float32: norms and LayerScale.</summary>
    internal string Exact(string name) => Stored(name, OnnxType.Float32);

    /// <summary>A bias, in the matrix type.</summary>
    internal string Bias(string name) => Stored(name, MatrixType);

    /// <summary>Tokens and position embeddings: stored in the matrix type, used in float32.</summary>
    internal string Tokens(string name)
    {
        string stored = Stored(name, MatrixType);
        return precision == OnnxPrecision.Float16 ? graph.Node("Cast", ModulePath.Of(name), [stored], ("to", (long)OnnxType.Float32)) : stored;
    }

    /// <summary>A matrix [outputs, inputs], transposed to [inputs, outputs].</summary>
    internal string Matrix(string name) =>
        graph.Initializer(name + OnnxMetadata.Transposed, MatrixType, [_shapes[name][1], _shapes[name][0]], () => Bytes(name, Transposed(name), MatrixType));

    /// <summary>The same matrix in 8-bit integers, and the scale of each column.</summary>
    internal (string Values, string Scales) QuantizedMatrix(string name)
    {
        long outputs = _shapes[name][0];
        string values = graph.Initializer(
            name + QuantizedWeights.ValuesMark, OnnxType.Int8, [_shapes[name][1], _shapes[name][0]], () => Quantized(name).Transposed());
        return (values, Scales(name, [outputs]));
    }

    /// <summary>A convolution's kernel. 8-bit values are dequantized before use, because the convolution computes in floats.</summary>
    internal string Kernel(string name)
    {
        if (precision != OnnxPrecision.Int8)
            return Stored(name, MatrixType);
        string path = ModulePath.Of(name);
        string values = graph.Initializer(name + QuantizedWeights.ValuesMark, OnnxType.Int8, _shapes[name], () => Quantized(name).Values);
        string floats = graph.Node("Cast", path, [values], ("to", (long)OnnxType.Float32));
        return graph.Node("Mul", path, [floats, Scales(name, [_shapes[name][0], 1, 1, 1])]);
    }

    private string Scales(string name, long[] shape) =>
        graph.Initializer(name + QuantizedWeights.ScalesMark, OnnxType.Float32, shape, () => Bytes(name, Quantized(name).Scales, OnnxType.Float32));

    private string Stored(string name, OnnxType type) => graph.Initializer(name, type, _shapes[name], () => Bytes(name, model.Values(name), type));

    private QuantizedWeights Quantized(string name) => QuantizedWeights.Of(model.Values(name).Span, checked((int)_shapes[name][0]));

    private float[] Transposed(string name)
    {
        var values = model.Values(name);
        int rows = checked((int)_shapes[name][0]), columns = values.Length / rows;
        float[] transposed = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            var source = values.Span.Slice(row * columns, columns);
            for (int column = 0; column < columns; column++)
                transposed[column * rows + row] = source[column];
        }

        return transposed;
    }

    private static ReadOnlyMemory<byte> Bytes(string name, ReadOnlyMemory<float> values, OnnxType type)
    {
        if (type == OnnxType.Float32)
            return MemoryMarshal.AsBytes(values.Span).ToArray();
        Float16Range.Check(name, values.Span, $"export with {nameof(OnnxPrecision)} {OnnxPrecision.Float32}");
        var halves = new Half[values.Length];
        TensorPrimitives.ConvertToHalf(values.Span, halves);
        return MemoryMarshal.AsBytes(halves.AsSpan()).ToArray();
    }

    private static Dictionary<string, long[]> ShapesOf(VisionTransformerArchitecture architecture)
    {
        var shapes = architecture.Parameters().ToDictionary(row => row.Name, row => row.Shape, StringComparer.Ordinal);
        if (architecture.PositionEmbedding == PositionEmbedding.SinCos2D)
            shapes.Add("pos_embed", [1, architecture.PositionCount, architecture.EmbeddingDimension]);
        return shapes;
    }
}

/// <summary>
/// Weights in 8-bit integers with a scale for each row: w is approximately values * scale, and zero is represented exactly.
/// </summary>
/// <param name="Values">Row-major, signed.</param>
/// <param name="Scales">One per row.</param>
internal sealed record QuantizedWeights(byte[] Values, float[] Scales)
{
    /// <summary>Suffixes of the names of the two initializers.</summary>
    internal const string ValuesMark = ".int8", ScalesMark = ".scale";

    /// <summary>
    /// Limit of a magnitude, and of the sum of two neighbors with the same sign (columns 2 i and 2 i + 1). Processors with AVX2 but without VNNI add the
    /// products of two neighbors with unsigned bytes in 16 bits and saturate the sum at 32767. Rounding adds at most 1, and 128 * 255 = 32640 still fits.
    /// </summary>
    private const int Largest = 127;

    /// <summary>Quantizes a matrix with the given number of rows.</summary>
    internal static QuantizedWeights Of(ReadOnlySpan<float> weights, int rows)
    {
        int columns = weights.Length / rows;
        var quantized = new QuantizedWeights(new byte[weights.Length], new float[rows]);
        for (int row = 0; row < rows; row++)
            quantized.Scales[row] = Quantize(weights.Slice(row * columns, columns), quantized.Values.AsSpan(row * columns, columns));
        return quantized;
    }

    /// <summary>The transposed values.</summary>
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
        float largest = Int8Weights.LargestPair(row);
        float scale = largest == 0 ? 1 : largest / Largest;
        for (int i = 0; i < row.Length; i++)
            values[i] = unchecked((byte)(sbyte)Math.Round(row[i] / scale));
        return scale;
    }
}
