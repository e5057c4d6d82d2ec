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
