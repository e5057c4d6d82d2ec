// Layer norms as ONNX computes them.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>(x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, in 32 bits.</summary>
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
        string centred = graph.Node("Sub", path, [x, Mean(graph, x, $"{path}/mean")]);
        string squares = graph.Node("Pow", path, [centred, graph.Float(2)]);
        string variance = graph.Node("Add", $"{path}/variance", [Mean(graph, squares, $"{path}/variance"), graph.Float(epsilon)]);
        string unit = graph.Node("Div", path, [centred, graph.Node("Sqrt", path, [variance])]);
        return graph.Node("Add", path, [graph.Node("Mul", path, [unit, weight]), bias]);
    }

    private static string Mean(GraphBuilder graph, string x, string path) =>
        graph.Node("ReduceMean", path, [x], ("axes", [-1L]), ("keepdims", 1));
}
