// Writes the ONNX graph that ML.NET's converter would build; the converter is in a package that not every feed has.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.VisionTransformer.Onnx.Format;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>Makes names unique, and resolves a column to the latest value of its name, as ML.NET's context does.</summary>
internal sealed class RecordedOnnxContext : OnnxContext
{
    private readonly Dictionary<string, string> _columns = [];
    private readonly HashSet<string> _variables = [];
    private readonly HashSet<string> _nodeNames = [];
    private readonly List<(GraphNode Node, List<GraphAttribute> Attributes)> _nodes = [];
    private readonly List<GraphInitializer> _initializers = [];
    private readonly List<GraphValue> _inputs = [];

    /// <summary>Adds the input column of the graph.</summary>
    internal void AddInput(string column, params GraphSize[] shape) => _inputs.Add(new GraphValue(AddVariable(column), OnnxType.Float32, shape));

    /// <summary>Writes the recorded graph; columns become outputs.</summary>
    internal void Write(string path, params (string Column, OnnxType Type, GraphSize[] Shape)[] outputs)
    {
        var nodes = _nodes.Select(n => n.Node with { Attributes = n.Attributes }).ToList();
        var values = outputs.Select(o => new GraphValue(_columns[o.Column], o.Type, o.Shape)).ToList();
        var graph = new OnnxGraph(nodes, _initializers, _inputs, values, 12);
        OnnxFile.Write(path, graph, new Dictionary<string, string> { [OnnxMetadata.Version] = "0" }, external: false);
    }

    public override string GetNodeName(string prefix) => Unique(prefix, _nodeNames);

    public override bool IsVariableDefined(string variableName) => _variables.Contains(variableName);

    public override bool ContainsColumn(string colName) => _columns.ContainsKey(colName);

    public override void CheckOpSetVersion(int thisTransformerMinumumOpSetVersion, string registerTransformerName) =>
        Assert.IsLessThanOrEqualTo(12, thisTransformerMinumumOpSetVersion);

    public override string GetVariableName(string colName) => _columns[colName];

    public override string AddIntermediateVariable(DataViewType type, string colName, bool skip = false) => AddVariable(colName);

    public override OnnxNode CreateNode(string opType, IEnumerable<string> inputs, IEnumerable<string> outputs, string name, string? domain = null)
    {
        var attributes = new List<GraphAttribute>();
        _nodes.Add((new GraphNode(opType, name, [.. inputs], [.. outputs], []), attributes));
        return new Node(attributes);
    }

    public override OnnxVersion GetOnnxVersion() => OnnxVersion.Stable;

    public override string AddInitializer(float value, string? name = null, bool makeUniqueName = true) => Add<float>([value], [], OnnxType.Float32, name!);

    public override string AddInitializer(long value, string? name = null, bool makeUniqueName = true) => Add<long>([value], [], OnnxType.Int64, name!);

    public override string AddInitializer(IEnumerable<float> values, IEnumerable<long> dims, string? name = null, bool makeUniqueName = true) =>
        Add<float>([.. values], [.. dims], OnnxType.Float32, name!);

    public override string AddInitializer(IEnumerable<long> values, IEnumerable<long> dims, string? name = null, bool makeUniqueName = true) =>
        Add<long>([.. values], [.. dims], OnnxType.Int64, name!);

    public override void RemoveColumn(string colName, bool removeVariable = false) => throw new NotSupportedException();

    public override void RemoveVariable(string variableName, bool removeColumn) => throw new NotSupportedException();

    public override void RemoveInputVariable(string variableName) => throw new NotSupportedException();

    public override List<long> RetrieveShapeOrNull(string variableName) => throw new NotSupportedException();

    public override string AddInitializer(bool value, string? name = null, bool makeUniqueName = true) => throw new NotSupportedException();

    public override string AddInitializer(int value, Type type, string? name = null, bool makeUniqueName = true) => throw new NotSupportedException();

    public override string AddInitializer(string value, string? name = null, bool makeUniqueName = true) => throw new NotSupportedException();

    public override string AddInitializer(double value, string? name = null, bool makeUniqueName = true) => throw new NotSupportedException();

    public override string AddInitializer(ulong value, bool isUint64, string? name = null, bool makeUniqueName = true) => throw new NotSupportedException();

    public override string AddInitializer(IEnumerable<bool> values, IEnumerable<long> dims, string? name = null, bool makeUniqueName = true) =>
        throw new NotSupportedException();

    public override string AddInitializer(IEnumerable<int> values, Type type, IEnumerable<long> dims, string? name = null, bool makeUniqueName = true) =>
        throw new NotSupportedException();

    public override string AddInitializer(IEnumerable<string> values, IEnumerable<long> dims, string? name = null, bool makeUniqueName = true) =>
        throw new NotSupportedException();

    public override string AddInitializer(IEnumerable<double> values, IEnumerable<long> dims, string? name = null, bool makeUniqueName = true) =>
        throw new NotSupportedException();

    public override string AddInitializer(IEnumerable<ulong> values, bool isUint64, IEnumerable<long> dims, string? name = null, bool makeUniqueName = true) =>
        throw new NotSupportedException();

    private string Add<T>(T[] values, long[] shape, OnnxType type, string name)
        where T : unmanaged
    {
        string variable = AddVariable(name);
        _initializers.Add(new GraphInitializer(variable, type, shape, () => MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));
        return variable;
    }

    private string AddVariable(string column) => _columns[column] = Unique(column, _variables);

    private static string Unique(string prefix, HashSet<string> names)
    {
        string name = prefix;
        for (int i = 0; !names.Add(name); i++)
            name = prefix + i;
        return name;
    }

    private sealed class Node(List<GraphAttribute> attributes) : OnnxNode
    {
        public override void AddAttribute(string argName, double value) => attributes.Add((argName, (float)value));

        public override void AddAttribute(string argName, long value) => attributes.Add((argName, value));

        public override void AddAttribute(string argName, IEnumerable<long> value) => attributes.Add((argName, value.ToArray()));

        public override void AddAttribute(string argName, ReadOnlyMemory<char> value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, string value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, bool value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, IEnumerable<double> value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, IEnumerable<float> value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, IEnumerable<ReadOnlyMemory<char>> value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, string[] value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, IEnumerable<string> value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, IEnumerable<bool> value) => throw new NotSupportedException();

        public override void AddAttribute(string argName, Type t) => throw new NotSupportedException();
    }
}
