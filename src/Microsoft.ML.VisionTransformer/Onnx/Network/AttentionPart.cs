// Multi-head self-attention as ONNX computes it.
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>
/// [N, T, D] to [N, T, D]. One product for q, k and v, a transposition of each to [N, heads, T, d] (k to [N, heads, d, T]), and the scale on the queries:
/// ONNX Runtime
/// folds it into the product of scores.
/// </summary>
internal sealed class AttentionPart(NetworkContext context)
{
    private readonly GraphBuilder _graph = context.Graph;
    private readonly VisionTransformerArchitecture _architecture = context.Architecture;
    private readonly RotaryPart? _rotary = context.Architecture.Rotary is null ? null : new RotaryPart(context);

    private int Width => _architecture.EmbeddingDimension / _architecture.Heads;

    /// <summary>The branch of a block: normed tokens in, its change out, as products have them.</summary>
    /// <param name="x">The tokens, as products take them.</param>
    /// <param name="module">The module's name, such as <c>blocks.0.attn</c>.</param>
    internal string Emit(string x, string module)
    {
        string path = ModulePath.Of(module);
        string[] parts = _graph.Node("Split", $"{path}/qkv", 3, [Qkv(x, module)], ("axis", -1));
        string q = Place(Heads(parts[0], $"{path}/q"), $"{module}.q_norm", $"{path}/q");
        string k = Place(Heads(parts[1], $"{path}/k"), $"{module}.k_norm", $"{path}/k");
        string keys = _graph.Node("Transpose", $"{path}/k/last", [k], ("perm", [0L, 1, 3, 2]));
        string joined = Mix(q, keys, Heads(parts[2], $"{path}/v"), path);
        if (_architecture.AttentionNorm)
            joined = context.ToMatrix(context.Norm(context.ToStream(joined, $"{path}/norm"), $"{module}.norm"), $"{path}/norm");
        return context.BlockLinear(joined, $"{module}.proj");
    }

    /// <summary>softmax(q k / sqrt(d)) v of q [N, heads, queries, d], k [N, heads, d, T], v [N, heads, T, d], heads side by side: [N, queries, D].</summary>
    internal string Mix(string q, string k, string v, string path)
    {
        string scaled = _graph.Node("Mul", $"{path}/scale", [q, context.MatrixScalar(1 / Math.Sqrt(Width))]);
        string scores = context.ToStream(_graph.Node("MatMul", $"{path}/scores", [scaled, k]), $"{path}/scores");
        string weights = context.ToMatrix(_graph.Node("Softmax", path, [scores], ("axis", -1)), $"{path}/weights");
        string mixed = _graph.Node("MatMul", $"{path}/mix", [weights, v]);
        string turned = _graph.Node("Transpose", $"{path}/mix", [mixed], ("perm", [0L, 2, 1, 3]));
        return _graph.Node("Reshape", $"{path}/mix", [turned, _graph.Longs(0, -1, _architecture.EmbeddingDimension)]);
    }

    /// <summary>[N, T, D] to [N, heads, T, d].</summary>
    internal string Heads(string x, string path)
    {
        string split = _graph.Node("Reshape", path, [x, _graph.Longs(0, -1, _architecture.Heads, Width)]);
        return _graph.Node("Transpose", path, [split], ("perm", [0L, 2, 1, 3]));
    }

    private string Qkv(string x, string module)
    {
        if (_architecture is not { QkvBias: true, KeyBias: false })
            return context.BlockLinear(x, $"{module}.qkv");
        string path = ModulePath.Of($"{module}.qkv");
        string none = _graph.Table($"{path}/no_bias", OnnxType.Float32, [_architecture.EmbeddingDimension], new float[_architecture.EmbeddingDimension]);
        string[] biases = [context.Weights.Bias($"{module}.q_bias"), context.ToMatrix(none, $"{path}/no_bias"), context.Weights.Bias($"{module}.v_bias")];
        string bias = _graph.Node("Concat", path, biases, ("axis", 0));
        return _graph.Node("Add", path, [context.BlockProduct(x, $"{module}.qkv"), bias]);
    }

    private string Place(string x, string norm, string path)
    {
        if (_architecture.QkNorm)
            x = context.ToMatrix(context.Norm(context.ToStream(x, path), norm), path);
        return _rotary is null ? x : _rotary.Turn(x, $"{path}/rotary");
    }
}
