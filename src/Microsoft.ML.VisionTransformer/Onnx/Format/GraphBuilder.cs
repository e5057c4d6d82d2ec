// Gathers nodes and constants of a graph while it is put together.
using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Onnx.Format;

/// <summary>
/// Values are named by the node that makes them, nodes by a path. Constants that are no weights are kept once for each content, under names that say what they
/// are: <c>/constant/0,197,192</c>.
/// </summary>
/// <param name="operatorSet">Version of ONNX's operators: 17, or an older one for a graph that is to go into a file of that version.</param>
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

    /// <summary>Makes a value an output of the graph, under a name of its own.</summary>
    internal void Output(string value, string name, OnnxType type, params GraphSize[] shape)
    {
        Add(new GraphNode("Identity", $"/{name}", [value], [name], []));
        _outputs.Add(new GraphValue(name, type, shape));
    }

    /// <summary>Adds a node with one output, which is returned; it is called by the path and the operator.</summary>
    internal string Node(string operation, string path, string[] inputs, params GraphAttribute[] attributes)
    {
        string name = $"{path}/{operation}";
        Add(new GraphNode(operation, name, inputs, [name], attributes));
        return name;
    }

    /// <summary>Adds a node with several outputs, which are returned.</summary>
    internal string[] Node(string operation, string path, int outputs, string[] inputs, params GraphAttribute[] attributes)
    {
        string name = $"{path}/{operation}";
        string[] values = [.. Enumerable.Range(0, outputs).Select(i => string.Create(CultureInfo.InvariantCulture, $"{name}:{i}"))];
        Add(new GraphNode(operation, name, inputs, values, attributes));
        return values;
    }

    /// <summary>Adds a weight, whose bytes are made when they are written.</summary>
    internal string Initializer(string name, OnnxType type, long[] shape, Func<ReadOnlyMemory<byte>> bytes)
    {
        _initializers.TryAdd(name, new GraphInitializer(name, type, shape, bytes));
        return name;
    }

    /// <summary>Whole numbers in a row: a shape, axes, positions.</summary>
    internal string Longs(params long[] values) => Constant(OnnxType.Int64, [values.Length], values);

    /// <summary>One whole number without an axis.</summary>
    internal string Long(long value) => Constant(OnnxType.Int64, [], [value]);

    /// <summary>One byte without an axis.</summary>
    internal string Byte(byte value) => Constant(OnnxType.UInt8, [], [value]);

    /// <summary>One 32-bit number without an axis.</summary>
    internal string Float(double value) => Constant(OnnxType.Float32, [], [(float)value]);

    /// <summary>One 16-bit number without an axis.</summary>
    internal string Half(double value) => Constant(OnnxType.Float16, [], [(Half)value]);

    /// <summary>One 64-bit number without an axis.</summary>
    internal string Double(double value) => Constant(OnnxType.Float64, [], [value]);

    /// <summary>Numbers of a shape, under a name of their own.</summary>
    internal string Table<T>(string path, OnnxType type, long[] shape, T[] values)
        where T : unmanaged => Initializer(path, type, shape, () => MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    /// <summary>The graph.</summary>
    internal OnnxGraph Build() => new(_nodes, [.. _initializers.Values], _inputs, _outputs, operatorSet);

    /// <summary>A node that is there already, as two outputs of the graph may need it, is not added again.</summary>
    private void Add(GraphNode node)
    {
        if (_named.TryAdd(node.Name, node))
            _nodes.Add(node);
        else if (_named[node.Name] is var other && (other.Operator != node.Operator || !other.Inputs.SequenceEqual(node.Inputs)))
            throw new InvalidOperationException($"Two nodes of the graph are called {node.Name}.");
    }

    private string Constant<T>(OnnxType type, long[] shape, T[] values)
        where T : unmanaged, IFormattable
    {
        string content = string.Join(',', values.Select(v => v.ToString(null, CultureInfo.InvariantCulture)));
        string brackets = shape.Length == 0 ? content : $"[{content}]";
        return Table($"{OnnxMetadata.ConstantMark}constant/{type}/{brackets}", type, shape, values);
    }
}
