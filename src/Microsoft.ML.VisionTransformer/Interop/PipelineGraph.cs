// Access to the ONNX graph that ML.NET's ConvertToOnnx builds from a pipeline.
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>Adds nodes, constants and columns to the graph. Added values get names that are unused in the graph; <see cref="NameOf"/> maps them.</summary>
internal sealed class PipelineGraph(OnnxContext context)
{
    /// <summary>The newest operator set that ML.NET's converter writes.</summary>
    internal const int OperatorSet = 12;

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>Throws if the converter targets an operator set older than the transformer needs.</summary>
    internal void RequireOperatorSet(int version, string transformer) => context.CheckOpSetVersion(version, transformer);

    /// <summary>Whether the graph has a value for a column of the data.</summary>
    internal bool HasColumn(string column) => context.ContainsColumn(column);

    /// <summary>The value of a column of the data.</summary>
    internal string Column(string column) => context.GetVariableName(column);

    /// <summary>Sets the value of a column to an added value.</summary>
    internal void SetColumn(string column, DataViewType type, string value)
    {
        string variable = context.AddIntermediateVariable(type, column);
        context.CreateNode("Identity", NameOf(value), variable, context.GetNodeName($"{column}/Identity"), "");
    }

    /// <summary>Adds a node.</summary>
    internal void Add(
        string operation, IEnumerable<string> inputs, IEnumerable<string> outputs, string name, IEnumerable<(string Name, object Value)> attributes)
    {
        string[] inputNames = [.. inputs.Select(NameOf)];
        string[] outputNames = [.. outputs.Select(value => _names[value] = context.AddIntermediateVariable(null, value, skip: true))];
        var node = context.CreateNode(operation, inputNames, outputNames, context.GetNodeName(name), "");
        foreach (var attribute in attributes)
            Set(node, attribute.Name, attribute.Value);
    }

    /// <summary>Adds a float32 constant.</summary>
    internal void AddFloats(string name, ReadOnlySpan<byte> bytes, long[] shape)
    {
        float[] values = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        _names[name] = shape.Length == 0 ? context.AddInitializer(values[0], name) : context.AddInitializer(values, shape, name);
    }

    /// <summary>Adds an int64 constant.</summary>
    internal void AddLongs(string name, ReadOnlySpan<byte> bytes, long[] shape)
    {
        long[] values = MemoryMarshal.Cast<byte, long>(bytes).ToArray();
        _names[name] = shape.Length == 0 ? context.AddInitializer(values[0], name) : context.AddInitializer(values, shape, name);
    }

    /// <summary>Maps the name of an added value to an existing variable, such as that of a column.</summary>
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

/// <summary>A transformed view that can add its transformer to an ONNX graph.</summary>
/// <param name="source">The input view of the transformer.</param>
/// <param name="view">The transformed view.</param>
/// <param name="column">The column that the graph must have a value for; null if the transformer cannot be converted.</param>
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

    /// <summary>Whether the images are pixels: a graph cannot decode files. ML.NET first calls this before the graph's columns are known.</summary>
    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx) => column is not null;

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx)
    {
        var graph = new PipelineGraph(ctx);
        if (!graph.HasColumn(column!))
        {
            throw new NotSupportedException(
                $"The pixel column '{column}' is not part of the ONNX graph because the transform that produces it cannot be converted. "
                + "Convert a pipeline whose input data has the pixels.");
        }

        save(graph);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        throw new NotSupportedException("A view of scored images cannot be saved; save the model with mlContext.Model.Save.");
}
