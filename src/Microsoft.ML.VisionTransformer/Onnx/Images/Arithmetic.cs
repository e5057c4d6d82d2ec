// Sums and products of a graph, written short.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>Nodes of two values, numbered under one path: the formulas of image resizing have many.</summary>
internal sealed class Arithmetic(GraphBuilder graph, string path)
{
    private int _count;

    internal string Add(string a, string b) => Apply("Add", a, b);

    internal string Subtract(string a, string b) => Apply("Sub", a, b);

    internal string Multiply(string a, string b) => Apply("Mul", a, b);

    internal string Divide(string a, string b) => Apply("Div", a, b);

    internal string Apply(string operation, params string[] inputs) =>
        graph.Node(operation, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}/{_count++}"), inputs);

    internal string ToDouble(string value) => Cast(value, OnnxType.Float64);

    internal string ToLong(string value) => Cast(value, OnnxType.Int64);

    internal string Number(double value) => graph.Double(value);

    internal string Whole(long value) => graph.Long(value);

    internal string Cast(string value, OnnxType type) =>
        graph.Node("Cast", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}/{_count++}"), [value], ("to", (long)type));
}
