// What becomes of the tokens behind the last block, as ONNX computes it.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>Tokens [N, T, D], which have passed the final norm unless it follows the pool, to what the head sees, and to embeddings.</summary>
internal sealed class PoolingPart(NetworkContext context, string tokens)
{
    private const string Path = "/pool";

    private readonly GraphBuilder _graph = context.Graph;
    private readonly VisionTransformerArchitecture _architecture = context.Architecture;

    /// <summary>What each head sees: one value, or with a distillation token two.</summary>
    internal string[] Pooled() =>
        _architecture.DistillationToken ? [Finish(Token(0), 0), Finish(Token(1), 1)] : [Finish(Pool(), 0)];

    /// <summary>An embedding of a kind that is not what the head sees or gives.</summary>
    internal string Embedding(FeatureKind kind)
    {
        var parts = new List<string>();
        if (kind is FeatureKind.ClassToken or FeatureKind.ClassTokenAndAverage)
            parts.Add(PooledNorm(Token(0), "/class_token"));
        if (kind is FeatureKind.Average or FeatureKind.ClassTokenAndAverage)
            parts.Add(PooledNorm(PatchMean(), "/patch_mean"));
        return parts.Count == 1 ? parts[0] : _graph.Node("Concat", Path, [.. parts], ("axis", 1));
    }

    private string PatchMean() => _graph.Node(
        "ReduceMean", $"{Path}/patch_mean", [From(_architecture.PrefixTokens, "/patches")], ("axes", [1L]), ("keepdims", 0));

    private string Pool()
    {
        string pooled = From(_architecture.PoolPrefixTokens ? 0 : _architecture.PrefixTokens);
        return _architecture.Pooling switch
        {
            TokenPooling.Average => Reduce("ReduceMean", pooled),
            TokenPooling.Max => Reduce("ReduceMax", pooled),
            TokenPooling.AverageAndMax => _graph.Node(
                "Mul", Path, [_graph.Node("Add", Path, [Reduce("ReduceMean", pooled), Reduce("ReduceMax", pooled)]), _graph.Float(0.5)]),
            TokenPooling.Attention => AttentionPoolPart.Emit(context, pooled),
            TokenPooling.ClassTokenAndAverage => _graph.Node("Concat", Path, [Token(0), Reduce("ReduceMean", pooled)], ("axis", 1)),
            TokenPooling.None => tokens,
            _ => Token(0),
        };
    }

    private string Token(long index) => _graph.Node("Gather", $"{Path}/token.{index}", [tokens, _graph.Long(index)], ("axis", 1));

    private string From(int first, string use = "") => first == 0
        ? tokens
        : _graph.Node("Slice", Path + use, [tokens, _graph.Longs(first), _graph.Longs(_architecture.Tokens), _graph.Longs(1)]);

    private string Reduce(string operation, string values) => _graph.Node(operation, Path, [values], ("axes", [1L]), ("keepdims", 0));

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
/// Attention pooling as ONNX computes it. Tokens [N, T, D] to [N, D]: a learned query attends to all of them, y = proj(attention), then y + mlp(norm(y)).
/// </summary>
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
