// The whole network as ONNX computes it.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>From normalised images [N, C, H, W] to logits and embeddings, each built only where it is asked for.</summary>
internal sealed class NetworkPart
{
    /// <summary>Below it a length counts as zero, as torch's <c>normalize</c> has it.</summary>
    private const double LeastLength = 1e-12;

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

    /// <summary>What the network gives: [N, classes].</summary>
    internal string Logits => _logits.Value;

    /// <summary>softmax(logits / temperature), [N, classes].</summary>
    internal string Probabilities()
    {
        var graph = _context.Graph;
        string logits = _model.Temperature == 1 ? Logits : graph.Node("Div", "/calibration", [Logits, graph.Float(_model.Temperature)]);
        return graph.Node("Softmax", "/head", [logits], ("axis", -1));
    }

    /// <summary>The embedding that the model is described with.</summary>
    internal string Embedding()
    {
        string embedding = _model.Embedding switch
        {
            FeatureKind.Pooled => Mean(_pooled.Value, "/pool/heads"),
            FeatureKind.HeadOutput => Logits,
            var kind => _pooling.Embedding(kind),
        };
        if (!_model.NormalizesEmbedding)
            return embedding;
        var graph = _context.Graph;
        string length = graph.Node("ReduceL2", "/embedding", [embedding], ("axes", [1L]), ("keepdims", 1));
        return graph.Node("Div", "/embedding", [embedding, graph.Node("Max", "/embedding", [length, graph.Float(LeastLength)])]);
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

    /// <summary>The value itself, or half the sum of two.</summary>
    private string Mean(string[] values, string path) => values.Length == 1
        ? values[0]
        : _context.Graph.Node("Mul", path, [_context.Graph.Node("Add", path, values), _context.Graph.Float(0.5)]);
}
