// A computation as ONNX has it: nodes in an order in which they can run, constants, inputs and outputs.
namespace Microsoft.ML.VisionTransformer.Onnx;

internal sealed record OnnxGraph(
    IReadOnlyList<GraphNode> Nodes,
    IReadOnlyList<GraphInitializer> Initializers,
    IReadOnlyList<GraphValue> Inputs,
    IReadOnlyList<GraphValue> Outputs,
    int OperatorSet);
