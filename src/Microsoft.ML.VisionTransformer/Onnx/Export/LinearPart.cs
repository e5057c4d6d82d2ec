// Linear layers and layer norms as ONNX computes them.
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>x W^T + b, [..., in] to [..., out].</summary>
internal static class LinearPart
{
    /// <summary>A layer whose product stays in floats.</summary>
    internal static string Linear(this NetworkContext context, string x, string module, string use = "")
    {
        string path = ModulePath.Of(module) + use;
        string product = context.Graph.Node("MatMul", path, [x, context.Weights.Matrix($"{module}.weight")]);
        return context.AddBias(product, $"{module}.bias", path);
    }

    /// <summary>A layer of a block, whose product is one of 8-bit integers where the file is quantized.</summary>
    internal static string BlockLinear(this NetworkContext context, string x, string module)
    {
        string path = ModulePath.Of(module);
        return context.AddBias(context.BlockProduct(x, module), $"{module}.bias", path);
    }

    /// <summary>The product of <see cref="BlockLinear"/> without a bias.</summary>
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
/// Products of matrices in 8-bit integers as ONNX computes them.
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

/// <summary>Layer norms as ONNX computes them. (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, in 32 bits.</summary>
internal static class NormPart
{
    /// <summary>First version of the operators that has LayerNormalization.</summary>
    private const int FirstOperatorSet = 17;

    /// <param name="context">The network.</param>
    /// <param name="x">What is normed.</param>
    /// <param name="module">The norm's name in the network.</param>
    /// <param name="use">Tells nodes apart where one norm is used more than once.</param>
    internal static string Norm(this NetworkContext context, string x, string module, string use = "")
    {
        var graph = context.Graph;
        string path = ModulePath.Of(module) + use, weight = context.Weights.Exact($"{module}.weight"), bias = context.Weights.Exact($"{module}.bias");
        double epsilon = context.Architecture.NormEpsilon;
        return graph.OperatorSet >= FirstOperatorSet
            ? graph.Node("LayerNormalization", path, [x, weight, bias], ("axis", -1), ("epsilon", (float)epsilon))
            : Spelled(graph, x, path, weight, bias, epsilon);
    }

    private static string Spelled(GraphBuilder graph, string x, string path, string weight, string bias, double epsilon)
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
