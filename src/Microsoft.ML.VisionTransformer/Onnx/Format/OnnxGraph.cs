// A computation as ONNX has it: nodes in an order in which they can run, constants, inputs and outputs.
namespace Microsoft.ML.VisionTransformer.Onnx.Format;

/// <summary>A computation as ONNX has it: nodes in an order in which they can run, constants, inputs and outputs.</summary>
internal sealed record OnnxGraph(
    IReadOnlyList<GraphNode> Nodes,
    IReadOnlyList<GraphInitializer> Initializers,
    IReadOnlyList<GraphValue> Inputs,
    IReadOnlyList<GraphValue> Outputs,
    int OperatorSet);

/// <summary>One operation of a graph. An operator applied to values.</summary>
/// <param name="Operator">ONNX's name of the operator.</param>
/// <param name="Name">The node's own name, a path such as <c>/blocks.0/attn/qkv/MatMul</c>.</param>
/// <param name="Inputs">Names of the values it takes.</param>
/// <param name="Outputs">Names of the values it gives; a single one has the node's name.</param>
/// <param name="Attributes">Its settings.</param>
internal sealed record GraphNode(
    string Operator, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<GraphAttribute> Attributes);

/// <summary>A constant setting of a node. A name and a value: a long, a float, or an array of longs.</summary>
internal readonly record struct GraphAttribute(string Name, object Value)
{
    public static implicit operator GraphAttribute((string Name, long Value) attribute) => new(attribute.Name, attribute.Value);

    public static implicit operator GraphAttribute((string Name, float Value) attribute) => new(attribute.Name, attribute.Value);

    public static implicit operator GraphAttribute((string Name, long[] Value) attribute) => new(attribute.Name, attribute.Value);
}

/// <summary>
/// A constant tensor of a graph. A weight or another constant. Its bytes are made when they are written and not kept, so that a graph holds no copy of the
/// weights.
/// </summary>
/// <param name="Name">Name of the value.</param>
/// <param name="Type">Its numbers.</param>
/// <param name="Shape">Its sizes; empty for a single number.</param>
/// <param name="Bytes">The values, row-major and little-endian.</param>
internal sealed record GraphInitializer(string Name, OnnxType Type, long[] Shape, Func<ReadOnlyMemory<byte>> Bytes)
{
    /// <summary>Number of bytes.</summary>
    internal long Length => Shape.Aggregate(1L, (product, size) => checked(product * size)) * Type.Width();
}

/// <summary>An input or output of a graph. Name, type and shape of a value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its numbers.</param>
/// <param name="Shape">Its sizes: each a number, or the name of one that a run chooses.</param>
internal sealed record GraphValue(string Name, OnnxType Type, IReadOnlyList<GraphSize> Shape);

/// <summary>A size that is fixed, or is named.</summary>
internal readonly record struct GraphSize(long Value, string? Name)
{
    public static implicit operator GraphSize(long value) => new(value, null);

    public static implicit operator GraphSize(string name) => new(0, name);
}

/// <summary>Facts about the number formats of ONNX.</summary>
internal static class OnnxTypes
{
    /// <summary>Bytes of a value.</summary>
    internal static int Width(this OnnxType type) => type switch
    {
        OnnxType.UInt8 or OnnxType.Int8 => 1,
        OnnxType.Float16 => 2,
        OnnxType.Int64 or OnnxType.Float64 => 8,
        _ => 4,
    };
}
