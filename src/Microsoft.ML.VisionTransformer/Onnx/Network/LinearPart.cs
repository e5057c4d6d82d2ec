// Linear layers as ONNX computes them.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Onnx;

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
        var graph = context.Graph;
        string path = ModulePath.Of(module), weight = $"{module}.weight";
        if (!context.Quantizes)
            return graph.Node("MatMul", path, [x, context.Weights.Matrix(weight)]);
        var (values, scales) = context.Weights.QuantizedMatrix(weight);
        string[] quantized = graph.Node("DynamicQuantizeLinear", path, 3, [x]);    // values, scale, zero point
        string sums = graph.Node("MatMulInteger", path, [quantized[0], values, quantized[2]]);
        string floats = graph.Node("Cast", path, [sums], ("to", (long)OnnxType.Float32));
        string scale = graph.Node("Mul", $"{path}/scale", [quantized[1], scales]);
        return graph.Node("Mul", path, [floats, scale]);
    }

    private static string AddBias(this NetworkContext context, string product, string bias, string path) =>
        context.Weights.Has(bias) ? context.Graph.Node("Add", path, [product, context.Weights.Bias(bias)]) : product;
}
