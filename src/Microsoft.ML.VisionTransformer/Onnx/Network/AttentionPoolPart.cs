// Attention pooling as ONNX computes it.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>Tokens [N, T, D] to [N, D]: a learned query attends to all of them, y = proj(attention), then y + mlp(norm(y)).</summary>
internal static class AttentionPoolPart
{
    private const string Module = "attn_pool", Path = "/attn_pool";

    internal static string Emit(NetworkContext context, string tokens)
    {
        var (graph, attention) = (context.Graph, new AttentionPart(context));
        string latent = context.ToMatrix(context.Weights.Tokens($"{Module}.latent"), $"{Path}/latent/in");
        string q = attention.Heads(context.Linear(latent, $"{Module}.q"), $"{Path}/q");
        string both = context.BlockLinear(context.ToMatrix(tokens, $"{Path}/kv"), $"{Module}.kv");
        string[] parts = graph.Node("Split", $"{Path}/kv", 2, [both], ("axis", -1));
        string k = graph.Node("Transpose", $"{Path}/k/last", [attention.Heads(parts[0], $"{Path}/k")], ("perm", [0L, 1, 3, 2]));
        string mixed = attention.Mix(q, k, attention.Heads(parts[1], $"{Path}/v"), Path);
        string row = graph.Node("Reshape", Path, [mixed, graph.Longs(0, context.Architecture.EmbeddingDimension)]);
        string y = context.ToStream(context.BlockLinear(row, $"{Module}.proj"), $"{Path}/proj/out");
        string normed = context.ToMatrix(context.Norm(y, $"{Module}.norm"), $"{Path}/norm");
        return graph.Node("Add", Path, [y, context.ToStream(context.PlainMlp(normed, $"{Module}.mlp"), $"{Path}/mlp/out")]);
    }
}
