// One operation of a graph.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>An operator applied to values.</summary>
/// <param name="Operator">ONNX's name of the operator.</param>
/// <param name="Name">The node's own name, a path such as <c>/blocks.0/attn/qkv/MatMul</c>.</param>
/// <param name="Inputs">Names of the values it takes.</param>
/// <param name="Outputs">Names of the values it gives; a single one has the node's name.</param>
/// <param name="Attributes">Its settings.</param>
internal sealed record GraphNode(
    string Operator, string Name, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyList<GraphAttribute> Attributes);
