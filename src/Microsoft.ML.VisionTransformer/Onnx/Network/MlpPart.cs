// The two-layer perceptron of a block as ONNX computes it.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>fc2(norm(f(fc1(x)))), as products have their values; the norm only where the architecture has it.</summary>
internal static class MlpPart
{
    internal static string Mlp(this NetworkContext context, string x, string module)
    {
        var architecture = context.Architecture;
        string path = ModulePath.Of(module), hidden = context.BlockLinear(x, $"{module}.fc1");
        hidden = architecture.Mlp == MlpKind.SwiGlu ? Gate(context, hidden, $"{path}/act") : context.Activation(hidden, architecture.Activation, $"{path}/act");
        if (architecture.MlpNorm)
            hidden = context.ToMatrix(context.Norm(context.ToStream(hidden, $"{path}/norm"), $"{module}.norm"), $"{path}/norm");
        return context.BlockLinear(hidden, $"{module}.fc2");
    }

    /// <summary>The MLP of attention pooling: a plain one, whatever the blocks have.</summary>
    internal static string PlainMlp(this NetworkContext context, string x, string module)
    {
        string hidden = context.Activation(context.BlockLinear(x, $"{module}.fc1"), context.Architecture.Activation, $"{ModulePath.Of(module)}/act");
        return context.BlockLinear(hidden, $"{module}.fc2");
    }

    private static string Gate(NetworkContext context, string both, string path)
    {
        string[] halves = context.Graph.Node("Split", path, 2, [both], ("axis", -1));
        return context.Graph.Node("Mul", $"{path}/gate", [context.TimesSigmoid(halves[0], 1, path), halves[1]]);
    }
}
