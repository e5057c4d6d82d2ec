// Builds an ONNX graph from nodes and constants.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Onnx.Format;

/// <summary>
/// Values are named after the node that produces them, nodes after a path. Constants that are not weights are stored once per content, with the content in
/// their names: <c>/constant/0,197,192</c>.
/// </summary>
/// <param name="operatorSet">ONNX operator set: 17, or an older one for a graph that is added to a file of that version.</param>
internal sealed class GraphBuilder(int operatorSet)
{
    private readonly List<GraphNode> _nodes = [];
    private readonly Dictionary<string, GraphNode> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphInitializer> _initializers = new(StringComparer.Ordinal);
    private readonly List<GraphValue> _inputs = [];
    private readonly List<GraphValue> _outputs = [];

    internal int OperatorSet => operatorSet;

    /// <summary>Adds an input of the graph.</summary>
    internal string Input(string name, OnnxType type, params GraphSize[] shape)
    {
        _inputs.Add(new GraphValue(name, type, shape));
        return name;
    }

    /// <summary>Adds an output of the graph with the given value and name.</summary>
    internal void Output(string value, string name, OnnxType type, params GraphSize[] shape)
    {
        Add(new GraphNode("Identity", $"/{name}", [value], [name], []));
        _outputs.Add(new GraphValue(name, type, shape));
    }

    /// <summary>Adds a node with one output and returns it; its name consists of the path and the operator.</summary>
    internal string Node(string operation, string path, string[] inputs, params GraphAttribute[] attributes)
    {
        string name = $"{path}/{operation}";
        Add(new GraphNode(operation, name, inputs, [name], attributes));
        return name;
    }

    /// <summary>Adds a node with several outputs and returns them.</summary>
    internal string[] Node(string operation, string path, int outputs, string[] inputs, params GraphAttribute[] attributes)
    {
        string name = $"{path}/{operation}";
        string[] values = [.. Enumerable.Range(0, outputs).Select(i => string.Create(CultureInfo.InvariantCulture, $"{name}:{i}"))];
        Add(new GraphNode(operation, name, inputs, values, attributes));
        return values;
    }

    /// <summary>Adds a weight, whose bytes are created when they are written.</summary>
    internal string Initializer(string name, OnnxType type, long[] shape, Func<ReadOnlyMemory<byte>> bytes)
    {
        _initializers.TryAdd(name, new GraphInitializer(name, type, shape, bytes));
        return name;
    }

    /// <summary>A one-dimensional int64 constant, such as a shape or axes.</summary>
    internal string Longs(params long[] values) => Constant(OnnxType.Int64, [values.Length], values);

    /// <summary>An int64 scalar constant.</summary>
    internal string Long(long value) => Constant(OnnxType.Int64, [], [value]);

    /// <summary>A uint8 scalar constant.</summary>
    internal string Byte(byte value) => Constant(OnnxType.UInt8, [], [value]);

    /// <summary>A float32 scalar constant.</summary>
    internal string Float(double value) => Constant(OnnxType.Float32, [], [(float)value]);

    /// <summary>A float16 scalar constant.</summary>
    internal string Half(double value) => Constant(OnnxType.Float16, [], [(Half)value]);

    /// <summary>A float64 scalar constant.</summary>
    internal string Double(double value) => Constant(OnnxType.Float64, [], [value]);

    /// <summary>A constant tensor with its own name.</summary>
    internal string Table<T>(string path, OnnxType type, long[] shape, T[] values)
        where T : unmanaged => Initializer(path, type, shape, () => MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    /// <summary>Returns the graph.</summary>
    internal OnnxGraph Build() => new(_nodes, [.. _initializers.Values], _inputs, _outputs, operatorSet);

    /// <summary>Adds a node unless the same node was already added, because several outputs of the graph may share it.</summary>
    private void Add(GraphNode node)
    {
        if (_named.TryAdd(node.Name, node))
            _nodes.Add(node);
        else if (_named[node.Name] is var other && (other.Operator != node.Operator || !other.Inputs.SequenceEqual(node.Inputs)))
            throw new InvalidOperationException($"Two different nodes of the graph have the name {node.Name}.");
    }

    private string Constant<T>(OnnxType type, long[] shape, T[] values)
        where T : unmanaged, IFormattable
    {
        string content = string.Join(',', values.Select(v => v.ToString(null, CultureInfo.InvariantCulture)));
        string brackets = shape.Length == 0 ? content : $"[{content}]";
        return Table($"{OnnxMetadata.ConstantMark}constant/{type}/{brackets}", type, shape, values);
    }
}
