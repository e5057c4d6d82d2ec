// Emits the whole network and its blocks as ONNX nodes.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>The network: normalized images [N, C, H, W] to logits and embeddings. Each output is emitted only if it is requested.</summary>
internal sealed class NetworkPart
{
    /// <summary>Minimum divisor of the normalization, as in torch's <c>normalize</c>.</summary>
    private const double MinimumLength = 1e-12;

    private readonly NetworkContext _context;
    private readonly OnnxModelDescription _model;
    private readonly PoolingPart _pooling;
    private readonly Lazy<string[]> _pooled;
    private readonly Lazy<string> _logits;

    internal NetworkPart(NetworkContext context, OnnxModelDescription model, string images, int? batchSize)
    {
        _context = context;
        _model = model;
        string stream = context.Blocks(context.Tokens(context.PatchEmbedding(images), batchSize));
        _pooling = new PoolingPart(context, context.Architecture.NormsPooled ? stream : context.Norm(stream, "norm"));
        _pooled = new Lazy<string[]>(_pooling.Pooled);
        _logits = new Lazy<string>(Head);
    }

    /// <summary>The logits, [N, classes].</summary>
    internal string Logits => _logits.Value;

    /// <summary>The probabilities: softmax(logits / temperature), [N, classes].</summary>
    internal string Probabilities()
    {
        var graph = _context.Graph;
        string logits = _model.Temperature == 1 ? Logits : graph.Node("Div", "/calibration", [Logits, graph.Float(_model.Temperature)]);
        return graph.Node("Softmax", "/head", [logits], ("axis", -1));
    }

    /// <summary>The embedding that the model description selects.</summary>
    internal string Embedding()
    {
        string embedding = _model.Embedding switch
        {
            FeatureKind.Pooled => Mean(_pooled.Value, "/pool/heads"),
            FeatureKind.HeadOutput => Logits,
            var kind => _pooling.Embedding(PoolingRecipe.Of(kind)!),
        };
        if (!_model.NormalizesEmbedding)
            return embedding;
        var graph = _context.Graph;
        string length = graph.Node("ReduceL2", "/embedding", [embedding], ("axes", [1L]), ("keepdims", 1));
        return graph.Node("Div", "/embedding", [embedding, graph.Node("Max", "/embedding", [length, graph.Float(MinimumLength)])]);
    }

    private string Head()
    {
        string[] pooled = _pooled.Value;
        string logits = Linear(pooled[0], "head");
        return pooled.Length == 1 ? logits : Mean([logits, Linear(pooled[1], "head_dist")], "/head/both");
    }

    private string Linear(string features, string module)
    {
        string path = ModulePath.Of(module);
        return _context.ToStream(_context.Linear(_context.ToMatrix(features, $"{path}/in"), module), $"{path}/out");
    }

    /// <summary>The value itself, or the mean of two.</summary>
    private string Mean(string[] values, string path) => values.Length == 1
        ? values[0]
        : _context.Graph.Node("Mul", path, [_context.Graph.Node("Add", path, values), _context.Graph.Float(0.5)]);
}

/// <summary>
/// The blocks of the encoder: x + attention(norm1(x)), then x + mlp(norm2(x)), with each branch scaled if the architecture has LayerScale.
/// </summary>
internal static class BlockPart
{
    internal static string Blocks(this NetworkContext context, string stream)
    {
        var attention = new AttentionPart(context);
        stream = context.ToRows(stream, "/blocks");
        for (int i = 0; i < context.Architecture.Depth; i++)
        {
            string module = string.Create(CultureInfo.InvariantCulture, $"blocks.{i}");
            string attended = attention.Emit(Normed(context, stream, $"{module}.norm1"), $"{module}.attn");
            stream = AddBranch(context, stream, attended, $"{module}.ls1");
            stream = AddBranch(context, stream, context.Mlp(Normed(context, stream, $"{module}.norm2"), $"{module}.mlp"), $"{module}.ls2");
        }

        return context.FromRows(stream, "/blocks");
    }

    private static string Normed(NetworkContext context, string stream, string module) =>
        context.ToMatrix(context.Norm(stream, module), ModulePath.Of(module));

    private static string AddBranch(NetworkContext context, string stream, string change, string scale)
    {
        string path = ModulePath.Of(scale), gamma = $"{scale}.gamma";
        change = context.ToStream(change, path);
        if (context.Weights.Has(gamma))
            change = context.Graph.Node("Mul", path, [change, context.Weights.Exact(gamma)]);
        return context.Graph.Node("Add", path, [stream, change]);
    }
}
