// Emits the pooling of the tokens after the last block as ONNX nodes.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>Pooling: tokens [N, T, D], after the final norm unless it follows the pooling, to the input of the head and to embeddings.</summary>
internal sealed class PoolingPart(NetworkContext context, string tokens)
{
    private const string Path = "/pool";

    private readonly GraphBuilder _graph = context.Graph;
    private readonly VisionTransformerArchitecture _architecture = context.Architecture;

    /// <summary>The input of each head: one value, or two with a distillation token.</summary>
    internal string[] Pooled() => [.. PoolingRecipe.OfHeads(_architecture).Select((recipe, head) => Finish(Pool(recipe), head))];

    /// <summary>An embedding that is neither the input nor the output of the head.</summary>
    internal string Embedding(PoolingRecipe recipe) =>
        Concatenate([.. recipe.Parts.Select(part => PooledNorm(Reduce(part), part.Selection == TokenSelection.ClassToken ? "/class_token" : "/patch_mean"))]);

    private string Pool(PoolingRecipe recipe)
    {
        if (recipe.KeepsAll)
            return tokens;
        string[] parts = [.. recipe.Parts.Select(Reduce)];
        if (recipe.Together == PartsTogether.SideBySide || parts.Length == 1)
            return Concatenate(parts);
        string sum = parts[0];
        for (int i = 1; i < parts.Length; i++)
            sum = _graph.Node("Add", i == 1 ? Path : $"{Path}/{i}", [sum, parts[i]]);
        return _graph.Node("Mul", Path, [sum, _graph.Float(1.0 / parts.Length)]);
    }

    private string Reduce(TokenPart part) => part.Reduction switch
    {
        TokenReduction.None => _graph.Node(
            "Gather", $"{Path}/token.{part.First(_architecture)}", [tokens, _graph.Long(part.First(_architecture))], ("axis", 1)),
        TokenReduction.Mean => Reduce("ReduceMean", part),
        TokenReduction.Max => Reduce("ReduceMax", part),
        _ => AttentionPoolPart.Emit(context, Selected(part), _architecture.Tokens - part.First(_architecture)),
    };

    private string Reduce(string operation, TokenPart part) => _graph.Node(
        operation, part.Selection == TokenSelection.Patches ? $"{Path}/patch_mean" : Path, [Selected(part)], ("axes", [1L]), ("keepdims", 0));

    private string Selected(TokenPart part) => part.First(_architecture) is var first && first == 0
        ? tokens
        : _graph.Node(
            "Slice",
            part.Selection == TokenSelection.Patches ? $"{Path}/patches" : Path,
            [tokens, _graph.Longs(first), _graph.Longs(_architecture.Tokens), _graph.Longs(1)]);

    private string Concatenate(string[] parts) => parts.Length == 1 ? parts[0] : _graph.Node("Concat", Path, parts, ("axis", 1));

    private string Finish(string pooled, int head)
    {
        string use = head == 0 ? "" : "/distillation", features = PooledNorm(pooled, use);
        if (_architecture.RepresentationDimension == 0)
            return features;
        string path = ModulePath.Of("pre_logits") + use, hidden = context.Linear(context.ToMatrix(features, $"{path}/in"), "pre_logits.fc", use);
        return context.ToStream(_graph.Node("Tanh", path, [hidden]), $"{path}/out");
    }

    private string PooledNorm(string pooled, string use) => _architecture.NormsPooled ? context.Norm(pooled, "fc_norm", use) : pooled;
}

/// <summary>
/// Attention pooling, tokens [N, T, D] to [N, D]: a learned query attends to all tokens, y = proj(attention), then y + mlp(norm(y)).
/// </summary>
internal static class AttentionPoolPart
{
    private const string Module = "attn_pool", Path = "/attn_pool";

    internal static string Emit(NetworkContext context, string tokens, int count)
    {
        var (graph, attention) = (context.Graph, new AttentionPart(context));
        string latent = context.ToMatrix(context.Weights.Tokens($"{Module}.latent"), $"{Path}/latent/in");
        string q = attention.Heads(context.Linear(latent, $"{Module}.q"), $"{Path}/q", tokens: 1);
        string keysAndValues = context.BlockLinear(context.ToRows(context.ToMatrix(tokens, $"{Path}/kv"), Path), $"{Module}.kv");
        string[] parts = graph.Node("Split", $"{Path}/kv", 2, [keysAndValues], ("axis", -1));
        string k = graph.Node("Transpose", $"{Path}/k/last", [attention.Heads(parts[0], $"{Path}/k", count)], ("perm", [0L, 1, 3, 2]));
        string mixed = attention.Mix(q, k, attention.Heads(parts[1], $"{Path}/v", count), Path);
        string row = graph.Node("Reshape", Path, [mixed, graph.Longs(0, context.Architecture.EmbeddingDimension)]);
        string y = context.ToStream(context.BlockLinear(row, $"{Module}.proj"), $"{Path}/proj/out");
        string normed = context.ToMatrix(context.Norm(y, $"{Module}.norm"), $"{Path}/norm");
        return graph.Node("Add", Path, [y, context.ToStream(context.PlainMlp(normed, $"{Module}.mlp"), $"{Path}/mlp/out")]);
    }
}
