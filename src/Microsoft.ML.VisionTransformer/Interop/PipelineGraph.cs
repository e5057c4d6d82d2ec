// The ONNX graph that ML.NET's ConvertToOnnx makes of a pipeline, as far as a transformer adds to it.
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>Values that a transformer adds get names that are free in the graph, which <see cref="NameOf"/> gives.</summary>
internal sealed class PipelineGraph(OnnxContext context)
{
    /// <summary>The newest operators that ML.NET's converter writes.</summary>
    internal const int OperatorSet = 12;

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>Refuses a converter that was asked for operators older than a transformer needs.</summary>
    internal void RequireOperatorSet(int version, string transformer) => context.CheckOpSetVersion(version, transformer);

    /// <summary>Whether the graph has a value for a column of the data.</summary>
    internal bool HasColumn(string column) => context.ContainsColumn(column);

    /// <summary>The value of a column of the data.</summary>
    internal string Column(string column) => context.GetVariableName(column);

    /// <summary>Makes a value that was added the value of a column.</summary>
    internal void SetColumn(string column, DataViewType type, string value)
    {
        string variable = context.AddIntermediateVariable(type, column);
        context.CreateNode("Identity", NameOf(value), variable, context.GetNodeName($"{column}/Identity"), "");
    }

    /// <summary>Adds a node.</summary>
    internal void Add(
        string operation, IEnumerable<string> inputs, IEnumerable<string> outputs, string name, IEnumerable<(string Name, object Value)> attributes)
    {
        string[] known = [.. inputs.Select(NameOf)];
        string[] added = [.. outputs.Select(value => _names[value] = context.AddIntermediateVariable(null, value, skip: true))];
        var node = context.CreateNode(operation, known, added, context.GetNodeName(name), "");
        foreach (var attribute in attributes)
            Set(node, attribute.Name, attribute.Value);
    }

    /// <summary>Adds a constant of 32-bit numbers.</summary>
    internal void AddFloats(string name, ReadOnlySpan<byte> bytes, long[] shape)
    {
        float[] values = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        _names[name] = shape.Length == 0 ? context.AddInitializer(values[0], name) : context.AddInitializer(values, shape, name);
    }

    /// <summary>Adds a constant of whole numbers.</summary>
    internal void AddLongs(string name, ReadOnlySpan<byte> bytes, long[] shape)
    {
        long[] values = MemoryMarshal.Cast<byte, long>(bytes).ToArray();
        _names[name] = shape.Length == 0 ? context.AddInitializer(values[0], name) : context.AddInitializer(values, shape, name);
    }

    /// <summary>Lets a value that is added be known by another name: that of a column.</summary>
    internal void Alias(string name, string variable) => _names[name] = variable;

    private string NameOf(string value) => _names.GetValueOrDefault(value, value);

    private static void Set(OnnxNode node, string name, object value)
    {
        switch (value)
        {
            case long number:
                node.AddAttribute(name, number);
                break;
            case float number:
                node.AddAttribute(name, (double)number);
                break;
            default:
                node.AddAttribute(name, (IEnumerable<long>)(long[])value);
                break;
        }
    }
}

/// <summary>A view that knows what it was made of and can put that into a graph.</summary>
/// <param name="source">The view it was made of.</param>
/// <param name="view">The view.</param>
/// <param name="column">The column that the graph must have a value for; null where the transformer cannot be part of a graph.</param>
/// <param name="save">Adds the transformer to a graph.</param>
internal sealed class ConvertibleView(IDataView source, IDataView view, string? column, Action<PipelineGraph> save) : ITransformCanSaveOnnx
{
    public IDataView Source => source;

    public DataViewSchema Schema => view.Schema;

    public bool CanShuffle => view.CanShuffle;

    public long? GetRowCount() => view.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => view.GetRowCursor(columnsNeeded, rand);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        view.GetRowCursorSet(columnsNeeded, n, rand);

    /// <summary>Whether the images are pixels: a graph cannot decode files. The graph's columns are not known yet when ML.NET asks first.</summary>
    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx) => column is not null;

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx)
    {
        var graph = new PipelineGraph(ctx);
        if (!graph.HasColumn(column!))
        {
            throw new NotSupportedException(
                $"The pixel column '{column}' is not part of the ONNX graph: the transform that makes it cannot be converted. "
                + "Convert a pipeline whose data has the pixels.");
        }

        save(graph);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        throw new NotSupportedException("A view of scored images cannot be saved; save the model with mlContext.Model.Save.");
}
