// Emits the MLP of a block and its activations as ONNX nodes.
namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>The MLP: fc2(norm(f(fc1(x)))), in the matrix type; the norm only if the architecture has it.</summary>
internal static class MlpPart
{
    internal static string Mlp(this NetworkContext context, string x, string module)
    {
        var architecture = context.Architecture;
        string path = ModulePath.Of(module), hidden = context.BlockLinear(x, $"{module}.fc1");
        hidden = architecture.Mlp == MlpKind.SwiGlu ? Gate(context, hidden, $"{path}/act") : context.Activation(hidden, architecture.Activation, $"{path}/act");
        bool isGelu = architecture is { Mlp: not MlpKind.SwiGlu, MlpNorm: false };
        if (architecture.MlpNorm)
            hidden = context.ToMatrix(context.Norm(context.ToStream(hidden, $"{path}/norm"), $"{module}.norm"), $"{path}/norm");
        return context.BlockLinear(hidden, $"{module}.fc2", isGelu);
    }

    /// <summary>The MLP of attention pooling: always a plain one, even if the blocks are gated.</summary>
    internal static string PlainMlp(this NetworkContext context, string x, string module)
    {
        string hidden = context.Activation(context.BlockLinear(x, $"{module}.fc1"), context.Architecture.Activation, $"{ModulePath.Of(module)}/act");
        return context.BlockLinear(hidden, $"{module}.fc2", isGelu: true);
    }

    private static string Gate(NetworkContext context, string hidden, string path)
    {
        string[] halves = context.Graph.Node("Split", path, 2, [hidden], ("axis", -1));
        return context.Graph.Node("Mul", $"{path}/gate", [context.TimesSigmoid(halves[0], 1, path), halves[1]]);
    }
}

/// <summary>
/// The activations of the MLP, in the forms that ONNX Runtime fuses into a single operation of its own (Gelu, BiasGelu, FastGelu, QuickGelu).
/// </summary>
internal static class ActivationPart
{
    /// <summary>A lower bound of all three kinds of GELU: their minima are -0.16997, -0.17004 (tanh) and -0.1636 (sigmoid).</summary>
    internal const double GeluMinimum = -0.1701;

    internal static string Activation(this NetworkContext context, string x, MlpActivation activation, string path) => activation switch
    {
        MlpActivation.GeluTanh => GeluTanh(context, x, path),
        MlpActivation.QuickGelu => context.TimesSigmoid(x, GeluConstants.QuickSlope, path),
        _ => Gelu(context, x, path),
    };

    /// <summary>x sigmoid(slope x).</summary>
    internal static string TimesSigmoid(this NetworkContext context, string x, double slope, string path)
    {
        string scaled = slope == 1 ? x : context.Graph.Node("Mul", $"{path}/slope", [x, context.MatrixScalar(slope)]);
        return context.Graph.Node("Mul", path, [x, context.Graph.Node("Sigmoid", path, [scaled])]);
    }

    /// <summary>x / 2 (1 + erf(x / sqrt(2))).</summary>
    private static string Gelu(NetworkContext context, string x, string path)
    {
        var graph = context.Graph;
        string error = graph.Node("Erf", path, [graph.Node("Div", path, [x, context.MatrixScalar(Math.Sqrt(2))])]);
        string factor = graph.Node("Add", path, [error, context.MatrixScalar(1)]);
        return graph.Node("Mul", $"{path}/half", [graph.Node("Mul", path, [x, factor]), context.MatrixScalar(0.5)]);
    }

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).</summary>
    private static string GeluTanh(NetworkContext context, string x, string path)
    {
        var graph = context.Graph;
        string cubed = graph.Node("Mul", $"{path}/cubic", [graph.Node("Pow", path, [x, context.MatrixScalar(3)]), context.MatrixScalar(GeluConstants.Cubic)]);
        string inner = graph.Node("Mul", $"{path}/slope", [graph.Node("Add", $"{path}/cubic", [x, cubed]), context.MatrixScalar(GeluConstants.TanhSlope)]);
        string factor = graph.Node("Add", path, [graph.Node("Tanh", path, [inner]), context.MatrixScalar(1)]);
        return graph.Node("Mul", path, [graph.Node("Mul", $"{path}/half", [x, context.MatrixScalar(0.5)]), factor]);
    }
}
