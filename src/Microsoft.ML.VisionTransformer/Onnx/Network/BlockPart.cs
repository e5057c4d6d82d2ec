// The blocks of the encoder as ONNX computes them.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>x + attention(norm1(x)), then x + mlp(norm2(x)), each branch scaled where the architecture has LayerScale.</summary>
internal static class BlockPart
{
    internal static string Blocks(this NetworkContext context, string stream)
    {
        var attention = new AttentionPart(context);
        for (int i = 0; i < context.Architecture.Depth; i++)
        {
            string module = string.Create(CultureInfo.InvariantCulture, $"blocks.{i}");
            string attended = attention.Emit(Normed(context, stream, $"{module}.norm1"), $"{module}.attn");
            stream = Join(context, stream, attended, $"{module}.ls1");
            stream = Join(context, stream, context.Mlp(Normed(context, stream, $"{module}.norm2"), $"{module}.mlp"), $"{module}.ls2");
        }

        return stream;
    }

    private static string Normed(NetworkContext context, string stream, string module) =>
        context.ToMatrix(context.Norm(stream, module), ModulePath.Of(module));

    private static string Join(NetworkContext context, string stream, string change, string scale)
    {
        string path = ModulePath.Of(scale), gamma = $"{scale}.gamma";
        change = context.ToStream(change, path);
        if (context.Weights.Has(gamma))
            change = context.Graph.Node("Mul", path, [change, context.Weights.Exact(gamma)]);
        return context.Graph.Node("Add", path, [stream, change]);
    }
}
