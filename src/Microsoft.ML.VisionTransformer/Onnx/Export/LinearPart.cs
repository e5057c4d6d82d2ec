// Emits linear layers, quantized matrix products and layer norms as ONNX nodes.
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>Linear layers: x W^T + b, [..., in] to [..., out].</summary>
internal static class LinearPart
{
    /// <summary>A layer that is computed in floating point at every precision.</summary>
    internal static string Linear(this NetworkContext context, string x, string module, string use = "")
    {
        string path = ModulePath.Of(module) + use;
        string product = context.Graph.Node("MatMul", path, [x, context.Weights.Matrix($"{module}.weight")]);
        return context.AddBias(product, $"{module}.bias", path);
    }

    /// <summary>A layer of a block, computed in 8-bit integers if the file is quantized.</summary>
    internal static string BlockLinear(this NetworkContext context, string x, string module)
    {
        string path = ModulePath.Of(module);
        return context.AddBias(context.BlockProduct(x, module), $"{module}.bias", path);
    }

    /// <summary>The matrix product of <see cref="BlockLinear"/>, without the bias.</summary>
    internal static string BlockProduct(this NetworkContext context, string x, string module)
    {
        string weight = $"{module}.weight", path = ModulePath.Of(module);
        return context.Quantizes
            ? IntegerProductPart.Emit(context.Graph, x, context.Weights.QuantizedMatrix(weight), path)
            : context.Graph.Node("MatMul", path, [x, context.Weights.Matrix(weight)]);
    }

    private static string AddBias(this NetworkContext context, string product, string bias, string path) =>
        context.Weights.Has(bias) ? context.Graph.Node("Add", path, [product, context.Weights.Bias(bias)]) : product;
}

/// <summary>
/// Matrix products in 8-bit integers.
/// x W for float x [..., inputs] and quantized W [inputs, outputs]. Each token is scaled by its own largest magnitude, computed at run time: an outlier
/// affects only its own token, and no image depends on the others of its batch. ONNX's DynamicQuantizeLinear uses one scale for all of x; with it 166 of
/// 200 predictions of a ViT-Ti were unchanged, with a scale per token 192 (docs/onnx.md).
/// </summary>
internal static class IntegerProductPart
{
    private const int Zero = 128, Largest = 127;

    /// <summary>Minimum step, which avoids division by zero for a token of zeros.</summary>
    private const double MinimumStep = 1e-20;

    internal static string Emit(GraphBuilder graph, string x, (string Values, string Scales) weights, string path)
    {
        string largest = graph.Node("ReduceMax", path, [graph.Node("Abs", path, [x])], ("axes", [-1L]), ("keepdims", 1));
        string step = graph.Node("Max", path, [graph.Node("Div", $"{path}/step", [largest, graph.Float(Largest)]), graph.Float(MinimumStep)]);
        string rounded = graph.Node("Round", path, [graph.Node("Div", path, [x, step])]);
        string shifted = graph.Node("Add", $"{path}/bytes", [rounded, graph.Float(Zero)]);
        string bytes = graph.Node("Cast", $"{path}/bytes", [shifted], ("to", (long)OnnxType.UInt8));
        string sums = graph.Node("MatMulInteger", path, [bytes, weights.Values, graph.Byte(Zero)]);
        string floats = graph.Node("Cast", path, [sums], ("to", (long)OnnxType.Float32));
        return graph.Node("Mul", path, [graph.Node("Mul", $"{path}/step", [floats, step]), weights.Scales]);
    }
}

/// <summary>Layer norms: (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, in float32.</summary>
internal static class NormPart
{
    /// <summary>First operator set that has LayerNormalization.</summary>
    private const int FirstOperatorSet = 17;

    /// <summary>A layer norm, as one node if the operator set has it.</summary>
    /// <param name="context">The graph and the network.</param>
    /// <param name="x">The value to normalize.</param>
    /// <param name="module">The norm's name in the network.</param>
    /// <param name="use">Suffix that distinguishes the nodes if one norm is used more than once.</param>
    internal static string Norm(this NetworkContext context, string x, string module, string use = "")
    {
        var graph = context.Graph;
        string path = ModulePath.Of(module) + use, weight = context.Weights.Exact($"{module}.weight"), bias = context.Weights.Exact($"{module}.bias");
        double epsilon = context.Architecture.NormEpsilon;
        return graph.OperatorSet >= FirstOperatorSet
            ? graph.Node("LayerNormalization", path, [x, weight, bias], ("axis", -1), ("epsilon", (float)epsilon))
            : Decomposed(graph, x, path, weight, bias, epsilon);
    }

    private static string Decomposed(GraphBuilder graph, string x, string path, string weight, string bias, double epsilon)
    {
        string centered = graph.Node("Sub", path, [x, Mean(graph, x, $"{path}/mean")]);
        string squares = graph.Node("Pow", path, [centered, graph.Float(2)]);
        string variance = graph.Node("Add", $"{path}/variance", [Mean(graph, squares, $"{path}/variance"), graph.Float(epsilon)]);
        string unit = graph.Node("Div", path, [centered, graph.Node("Sqrt", path, [variance])]);
        return graph.Node("Add", path, [graph.Node("Mul", path, [unit, weight]), bias]);
    }

    private static string Mean(GraphBuilder graph, string x, string path) =>
        graph.Node("ReduceMean", path, [x], ("axes", [-1L]), ("keepdims", 1));
}
