// Puts the network's weights into a graph, in the numbers and the order that the products need.
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>
/// Initializers have the names of the network's parameters, so that the file can be opened again as a checkpoint; matrices are stored as ONNX multiplies,
/// [inputs,
/// outputs], and have <see cref="OnnxMetadata.Transposed"/> behind their names.
/// </summary>
internal sealed class NetworkWeights(GraphBuilder graph, OnnxModelDescription model, OnnxPrecision precision)
{
    private readonly Dictionary<string, long[]> _shapes = ShapesOf(model.Architecture);

    private OnnxType Narrow => precision == OnnxPrecision.Float16 ? OnnxType.Float16 : OnnxType.Float32;

    /// <summary>Whether the network has that parameter.</summary>
    internal bool Has(string name) => _shapes.ContainsKey(name);

    /// <summary>A parameter in 32 bits: norms and LayerScale.</summary>
    internal string Exact(string name) => Stored(name, OnnxType.Float32);

    /// <summary>A bias, as products give it.</summary>
    internal string Bias(string name) => Stored(name, Narrow);

    /// <summary>Tokens and positions: stored narrow, given as the stream has them.</summary>
    internal string Tokens(string name)
    {
        string stored = Stored(name, Narrow);
        return precision == OnnxPrecision.Float16 ? graph.Node("Cast", ModulePath.Of(name), [stored], ("to", (long)OnnxType.Float32)) : stored;
    }

    /// <summary>A matrix [outputs, inputs] as [inputs, outputs].</summary>
    internal string Matrix(string name) =>
        graph.Initializer(name + OnnxMetadata.Transposed, Narrow, [_shapes[name][1], _shapes[name][0]], () => Bytes(name, Transposed(name), Narrow));

    /// <summary>The same in 8 bits, and the scale of each column.</summary>
    internal (string Values, string Scales) QuantizedMatrix(string name)
    {
        long outputs = _shapes[name][0];
        string values = graph.Initializer(
            name + QuantizedWeights.ValuesMark, OnnxType.Int8, [_shapes[name][1], _shapes[name][0]], () => Quantized(name).Transposed());
        return (values, Scales(name, [outputs]));
    }

    /// <summary>A convolution's kernel: 8-bit values are scaled back to floats before use, as the convolution computes in them.</summary>
    internal string Kernel(string name)
    {
        if (precision != OnnxPrecision.Int8)
            return Stored(name, Narrow);
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
