// Emits linear layers, quantized matrix products and layer norms as ONNX nodes.
using System.Globalization;
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
    /// <param name="context">The graph and the network.</param>
    /// <param name="x">The input; [rows, inputs] if the file is quantized.</param>
    /// <param name="module">The layer's name in the network.</param>
    /// <param name="isGelu">Whether the input is the output of a GELU, whose values have a lower bound.</param>
    internal static string BlockLinear(this NetworkContext context, string x, string module, bool isGelu = false)
    {
        string path = ModulePath.Of(module);
        return context.AddBias(context.BlockProduct(x, module, isGelu), $"{module}.bias", path);
    }

    /// <summary>The matrix product of <see cref="BlockLinear"/>, without the bias.</summary>
    internal static string BlockProduct(this NetworkContext context, string x, string module, bool isGelu = false)
    {
        string weight = $"{module}.weight", path = ModulePath.Of(module);
        if (!context.Quantizes)
            return context.Graph.Node("MatMul", path, [x, context.Weights.Matrix(weight)]);
        string group = module.StartsWith("blocks.", StringComparison.Ordinal) ? "blocks" : module.Replace('.', '/');
        return context.IntegerProduct.Emit(x, context.Weights.QuantizedMatrix(weight), path, group, isGelu);
    }

    private static string AddBias(this NetworkContext context, string product, string bias, string path) =>
        context.Weights.Has(bias) ? context.Graph.Node("Add", path, [product, context.Weights.Bias(bias)]) : product;
}

/// <summary>
/// Matrix products in 8-bit integers.
/// x W for float x [rows, inputs] and quantized W [inputs, outputs]. Each row, which is one token, is scaled by its own largest value, computed at run
/// time: an outlier affects only its own token, and no image depends on the others of its batch. ONNX's DynamicQuantizeLinear uses one scale for all of x.
/// A QuantizeLinear with the rows as its axis applies the scales, and ONNX Runtime fuses the product, the conversion and the weights' scales into its
/// MatMulIntegerToFloat (docs/results.md has what else was measured).
/// </summary>
internal sealed class IntegerProductPart(GraphBuilder graph)
{
    /// <summary>Values of any sign: zero is the middle of the 8 bits, and the largest magnitude of a row is at most 127 from it.</summary>
    private static readonly ByteRange _signed = new(Zero: 128, Largest: 127, MinimumStep: 1e-20);

    /// <summary>
    /// Values of a GELU, which are at least <see cref="ActivationPart.GeluMinimum"/>: 31 of the 255 values are left for negative numbers, which suffices if
    /// a step is at least 1/31 of that minimum.
    /// </summary>
    private static readonly ByteRange _gelu = new(Zero: 31, Largest: 224, MinimumStep: -ActivationPart.GeluMinimum / 31);

    private readonly Dictionary<(string Group, byte Zero), string> _zeros = [];
    private string? _one;

    /// <summary>The product as floats, [rows, outputs].</summary>
    /// <param name="x">The rows, [rows, inputs].</param>
    /// <param name="weights">The matrix and the scale of each column.</param>
    /// <param name="path">Path of the nodes.</param>
    /// <param name="group">Products with equally many rows have the same name.</param>
    /// <param name="isGelu">Whether x is the output of a GELU.</param>
    internal string Emit(string x, (string Values, string Scales) weights, string path, string group, bool isGelu)
    {
        var range = isGelu ? _gelu : _signed;
        string magnitudes = isGelu ? x : graph.Node("Abs", path, [x]);
        string largest = graph.Node("ReduceMax", path, [magnitudes], ("axes", [-1L]), ("keepdims", 1));
        string wanted = graph.Node("Mul", $"{path}/step", [largest, graph.Float(1.0 / range.Largest)]);
        string step = graph.Node("Max", $"{path}/step", [wanted, graph.Float(range.MinimumStep)]);
        string steps = graph.Node("Reshape", $"{path}/step", [step, graph.Longs(-1)]);
        string bytes = graph.Node("QuantizeLinear", path, [x, steps, Zeros(steps, group, range.Zero)], ("axis", 0));
        string sums = graph.Node("MatMulInteger", path, [bytes, weights.Values, graph.Byte(range.Zero)]);
        string floats = graph.Node("Cast", path, [sums], ("to", (long)OnnxType.Float32));
        string scales = graph.Node("Mul", $"{path}/scales", [One(steps), weights.Scales]);
        return graph.Node("Mul", path, [graph.Node("Mul", $"{path}/step/rows", [floats, scales]), step]);
    }

    /// <summary>The zero point, once for each row, as QuantizeLinear wants it.</summary>
    private string Zeros(string steps, string group, byte zero)
    {
        if (!_zeros.TryGetValue((group, zero), out string? zeros))
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"/{group}/zeros/{zero}");
            zeros = graph.Node("Expand", path, [graph.Byte(zero), graph.Node("Shape", path, [steps])]);
            _zeros.Add((group, zero), zeros);
        }

        return zeros;
    }

    /// <summary>
    /// A scalar that is always 1, in a form that an optimizer does not compute in advance. The fusion into MatMulIntegerToFloat wants a product of two
    /// scales, and a constant product would be folded into one of them before that.
    /// </summary>
    private string One(string steps) => _one ??= graph.Node(
        "Clip", "/one", [graph.Node("ReduceMax", "/one", [steps], ("keepdims", 0)), graph.Float(1), graph.Float(1)]);

    /// <summary>How floats become bytes: the byte of zero, the largest distance above it, and the smallest step, which also avoids a division by zero.</summary>
    private readonly record struct ByteRange(byte Zero, double Largest, double MinimumStep);
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
