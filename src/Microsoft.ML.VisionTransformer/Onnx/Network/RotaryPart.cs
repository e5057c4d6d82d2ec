// Rotary positions as ONNX computes them.
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>
/// Queries or keys [N, heads, T, d], turned: x cos + swap(x) sin, where swap exchanges the two values of each pair and the sines of the first have a
/// minus. Tokens before
/// the patches have cosine 1 and sine 0, so that they stay as they are.
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

    internal string Turn(string x, string path)
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
