// Linear layers as ONNX computes them.
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
        string weight = $"{module}.weight", path = ModulePath.Of(module);
        return context.Quantizes
            ? IntegerProductPart.Emit(context.Graph, x, context.Weights.QuantizedMatrix(weight), path)
            : context.Graph.Node("MatMul", path, [x, context.Weights.Matrix(weight)]);
    }

    private static string AddBias(this NetworkContext context, string product, string bias, string path) =>
        context.Weights.Has(bias) ? context.Graph.Node("Add", path, [product, context.Weights.Bias(bias)]) : product;
}
