// The records of an ONNX graph: nodes, attributes, initializers, inputs and outputs.
namespace Microsoft.ML.VisionTransformer.Onnx.Format;

/// <summary>An ONNX graph: nodes in topological order, initializers, inputs and outputs.</summary>
internal sealed record OnnxGraph(
    IReadOnlyList<GraphNode> Nodes,
    IReadOnlyList<GraphInitializer> Initializers,
    IReadOnlyList<GraphValue> Inputs,
    IReadOnlyList<GraphValue> Outputs,
    int OperatorSet);

/// <summary>A node of a graph: an operator applied to values.</summary>
/// <param name="Operator">ONNX's name of the operator.</param>
/// <param name="Name">The node's own name, a path such as <c>/blocks.0/attn/qkv/MatMul</c>.</param>
/// <param name="Inputs">Names of the input values.</param>
/// <param name="Outputs">Names of the output values; a single output has the node's name.</param>
/// <param name="Attributes">Its attributes.</param>
internal sealed record GraphNode(
    string Operator, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<GraphAttribute> Attributes);

/// <summary>An attribute of a node: a name and a value, which is a long, a float, or an array of longs.</summary>
internal readonly record struct GraphAttribute(string Name, object Value)
{
    public static implicit operator GraphAttribute((string Name, long Value) attribute) => new(attribute.Name, attribute.Value);

    public static implicit operator GraphAttribute((string Name, float Value) attribute) => new(attribute.Name, attribute.Value);

    public static implicit operator GraphAttribute((string Name, long[] Value) attribute) => new(attribute.Name, attribute.Value);
}

/// <summary>
/// A constant tensor of a graph: a weight or another constant. Its bytes are created when they are written and are not kept, so a graph holds no copy of
/// the weights.
/// </summary>
/// <param name="Name">Name of the value.</param>
/// <param name="Type">Data type of the values.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Bytes">The values, row-major and little-endian.</param>
internal sealed record GraphInitializer(string Name, OnnxType Type, long[] Shape, Func<ReadOnlyMemory<byte>> Bytes)
{
    /// <summary>Number of bytes.</summary>
    internal long Length => Shape.Aggregate(1L, (product, size) => checked(product * size)) * Type.Width();
}

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Data type of the values.</param>
/// <param name="Shape">Its dimensions: each a fixed size, or the name of one that is set in each run.</param>
internal sealed record GraphValue(string Name, OnnxType Type, IReadOnlyList<GraphSize> Shape);

/// <summary>A dimension, either fixed or symbolic.</summary>
internal readonly record struct GraphSize(long Value, string? Name)
{
    public static implicit operator GraphSize(long value) => new(value, null);

    public static implicit operator GraphSize(string name) => new(0, name);
}

/// <summary>Sizes of the ONNX data types.</summary>
internal static class OnnxTypes
{
    /// <summary>Bytes per value.</summary>
    internal static int Width(this OnnxType type) => type switch
    {
        OnnxType.UInt8 or OnnxType.Int8 => 1,
        OnnxType.Float16 => 2,
        OnnxType.Int64 or OnnxType.Float64 => 8,
        _ => 4,
    };
}
