// Emits multi-head self-attention and rotary position embedding as ONNX nodes.
using Microsoft.ML.VisionTransformer.Onnx.Format;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>
/// Multi-head self-attention, [N, T, D] to [N, T, D], or rows [N T, D] to the same if the file is quantized. One matrix product for q, k and v, a transpose of each to [N, heads, T, d] (k to
/// [N, heads, d, T]), and the scale on the queries, which ONNX Runtime folds into the product that computes the scores.
/// </summary>
internal sealed class AttentionPart(NetworkContext context)
{
    private readonly GraphBuilder _graph = context.Graph;
    private readonly VisionTransformerArchitecture _architecture = context.Architecture;
    private readonly RotaryPart? _rotary = context.Architecture.Rotary is null ? null : new RotaryPart(context);

    private int Width => _architecture.EmbeddingDimension / _architecture.Heads;

    /// <summary>The attention branch of a block: normalized tokens to the value that the residual adds, both in the matrix type.</summary>
    /// <param name="x">The tokens, in the matrix type.</param>
    /// <param name="module">The module's name, such as <c>blocks.0.attn</c>.</param>
    internal string Emit(string x, string module)
    {
        string path = ModulePath.Of(module);
        string[] parts = _graph.Node("Split", $"{path}/qkv", 3, [Qkv(x, module)], ("axis", -1));
        int tokens = _architecture.Tokens;
        string q = NormalizeAndRotate(Heads(parts[0], $"{path}/q", tokens), $"{module}.q_norm", $"{path}/q");
        string k = NormalizeAndRotate(Heads(parts[1], $"{path}/k", tokens), $"{module}.k_norm", $"{path}/k");
        string keys = _graph.Node("Transpose", $"{path}/k/last", [k], ("perm", [0L, 1, 3, 2]));
        string joined = Mix(q, keys, Heads(parts[2], $"{path}/v", tokens), path);
        if (_architecture.AttentionNorm)
            joined = context.ToMatrix(context.Norm(context.ToStream(joined, $"{path}/norm"), $"{module}.norm"), $"{path}/norm");
        return context.BlockLinear(joined, $"{module}.proj");
    }

    /// <summary>
    /// softmax(q k / sqrt(d)) v for q [N, heads, queries, d], k [N, heads, d, T], v [N, heads, T, d], with the heads concatenated: [N, queries, D], or
    /// [N queries, D] if the file is quantized.
    /// </summary>
    internal string Mix(string q, string k, string v, string path)
    {
        string scaled = _graph.Node("Mul", $"{path}/scale", [q, context.MatrixScalar(1 / Math.Sqrt(Width))]);
        string scores = context.ToStream(_graph.Node("MatMul", $"{path}/scores", [scaled, k]), $"{path}/scores");
        string weights = context.ToMatrix(_graph.Node("Softmax", path, [scores], ("axis", -1)), $"{path}/weights");
        string mixed = _graph.Node("MatMul", $"{path}/mix", [weights, v]);
        string transposed = _graph.Node("Transpose", $"{path}/mix", [mixed], ("perm", [0L, 2, 1, 3]));
        return _graph.Node("Reshape", $"{path}/mix", [transposed, context.Quantizes ? _graph.Longs(-1, _architecture.EmbeddingDimension) : _graph.Longs(0, -1, _architecture.EmbeddingDimension)]);
    }

    /// <summary>[N, T, D], or [N T, D] if the file is quantized, to [N, heads, T, d].</summary>
    internal string Heads(string x, string path, int tokens)
    {
        string shape = context.Quantizes ? _graph.Longs(-1, tokens, _architecture.Heads, Width) : _graph.Longs(0, -1, _architecture.Heads, Width);
        string split = _graph.Node("Reshape", path, [x, shape]);
        return _graph.Node("Transpose", path, [split], ("perm", [0L, 2, 1, 3]));
    }

    private string Qkv(string x, string module)
    {
        if (_architecture is not { QkvBias: true, KeyBias: false })
            return context.BlockLinear(x, $"{module}.qkv");
        string path = ModulePath.Of($"{module}.qkv");
        int width = _architecture.EmbeddingDimension;
        string zeros = context.ToMatrix(_graph.Table($"{path}/no_bias", OnnxType.Float32, [width], new float[width]), $"{path}/no_bias");
        string[] biases = [context.Weights.Bias($"{module}.q_bias"), zeros, context.Weights.Bias($"{module}.v_bias")];
        string bias = _graph.Node("Concat", path, biases, ("axis", 0));
        return _graph.Node("Add", path, [context.BlockProduct(x, $"{module}.qkv"), bias]);
    }

    private string NormalizeAndRotate(string x, string norm, string path)
    {
        if (_architecture.QkNorm)
            x = context.ToMatrix(context.Norm(context.ToStream(x, path), norm), path);
        return _rotary is null ? x : _rotary.Rotate(x, $"{path}/rotary");
    }
}

/// <summary>
/// Rotary position embedding.
/// Rotates queries or keys [N, heads, T, d]: x cos + swap(x) sin, where swap exchanges the two values of each pair and the sine of the first value is
/// negated. Tokens before the patches have cosine 1 and sine 0, which leaves them unchanged.
/// </summary>
internal sealed class RotaryPart
{
    private readonly GraphBuilder _graph;
    private readonly string _cosines;
    private readonly string _sines;
    private readonly bool _halves;
    private readonly int _width;

    internal RotaryPart(NetworkContext context)
    {
        var architecture = context.Architecture;
        _graph = context.Graph;
        _width = architecture.EmbeddingDimension / architecture.Heads;
        _halves = architecture.Rotary!.Layout == RotaryLayout.Dinov3;
        float[] angles = RotaryAngles.Of(architecture.Rotary, architecture.Grid, _width);
        _cosines = Table(context, "cos", MathF.Cos, angles, prefix: 1, signed: false);
        _sines = Table(context, "sin", MathF.Sin, angles, prefix: 0, signed: true);
    }

    internal string Rotate(string x, string path)
    {
        string straight = _graph.Node("Mul", $"{path}/cos", [x, _cosines]);
        string across = _graph.Node("Mul", $"{path}/sin", [Swap(x, path), _sines]);
        return _graph.Node("Add", path, [straight, across]);
    }

    private string Swap(string x, string path)
    {
        if (!_halves)
            return _graph.Node("Gather", path, [x, _graph.Longs([.. Enumerable.Range(0, _width).Select(i => (long)(i ^ 1))])], ("axis", -1));
        string[] parts = _graph.Node("Split", path, 2, [x], ("axis", -1));
        return _graph.Node("Concat", path, [parts[1], parts[0]], ("axis", -1));
    }

    private string Table(NetworkContext context, string name, Func<float, float> wave, float[] angles, float prefix, bool signed)
    {
        int pairs = _width / 2, first = context.Architecture.PrefixTokens, tokens = context.Architecture.Tokens;
        float[] table = new float[tokens * _width];
        table.AsSpan(0, first * _width).Fill(prefix);
        for (int token = first; token < tokens; token++)
        {
            for (int i = 0; i < _width; i++)
            {
                int pair = _halves ? i % pairs : i / 2;
                bool leads = _halves ? i < pairs : i % 2 == 0;
                float value = wave(angles[(token - first) * pairs + pair]);
                table[token * _width + i] = signed && leads ? -value : value;
            }
        }

        string path = $"/rotary/{name}";
        return context.ToMatrix(_graph.Table(path, OnnxType.Float32, [tokens, _width], table), path);
    }
}
