// Products of matrices in 8-bit integers as ONNX computes them.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>
/// x W of floats x [..., inputs] and quantized W [inputs, outputs]: each token is scaled by its own largest magnitude, found at run time, so that an
/// outlier costs
/// its own token alone and no image depends on the others of its batch. ONNX's DynamicQuantizeLinear has one scale for all of x; with it 166 of 200
/// answers of a
/// ViT-Ti stayed, 192 this way (docs/onnx.md).
/// </summary>
internal static class IntegerProductPart
{
    private const int Zero = 128, Largest = 127;

    /// <summary>A token of zeros has this step, not 0.</summary>
    private const double Least = 1e-20;

    internal static string Emit(GraphBuilder graph, string x, (string Values, string Scales) weights, string path)
    {
        string largest = graph.Node("ReduceMax", path, [graph.Node("Abs", path, [x])], ("axes", [-1L]), ("keepdims", 1));
        string step = graph.Node("Max", path, [graph.Node("Div", $"{path}/step", [largest, graph.Float(Largest)]), graph.Float(Least)]);
        string whole = graph.Node("Round", path, [graph.Node("Div", path, [x, step])]);
        string bytes = graph.Node("Cast", $"{path}/bytes", [graph.Node("Add", $"{path}/bytes", [whole, graph.Float(Zero)])], ("to", (long)OnnxType.UInt8));
        string sums = graph.Node("MatMulInteger", path, [bytes, weights.Values, graph.Byte(Zero)]);
        string floats = graph.Node("Cast", path, [sums], ("to", (long)OnnxType.Float32));
        return graph.Node("Mul", path, [graph.Node("Mul", $"{path}/step", [floats, step]), weights.Scales]);
    }
}
