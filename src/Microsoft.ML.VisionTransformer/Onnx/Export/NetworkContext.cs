// State shared by all parts of the network's graph, and the names of its nodes.
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>
/// The graph under construction, the weights and the precision. The token stream, norms and softmax are always float32; inputs and outputs of matrix
/// products (the matrix type) are float16 with <see cref="OnnxPrecision.Float16"/>. This class converts between the two.
/// </summary>
internal sealed class NetworkContext(GraphBuilder graph, OnnxModelDescription model, OnnxPrecision precision)
{
    internal GraphBuilder Graph => graph;

    internal VisionTransformerArchitecture Architecture => model.Architecture;

    internal NetworkWeights Weights { get; } = new(graph, model, precision);

    /// <summary>Whether the matrix products of the blocks are computed in 8-bit integers. If so, tokens in blocks are rows: [N T, D].</summary>
    internal bool Quantizes => precision == OnnxPrecision.Int8;

    /// <summary>The products in 8-bit integers.</summary>
    internal IntegerProductPart IntegerProduct { get; } = new(graph);

    /// <summary>Tokens [N, T, D] in the form that blocks take: [N T, D] if the file is quantized, otherwise unchanged.</summary>
    internal string ToRows(string tokens, string path) =>
        Quantizes ? graph.Node("Reshape", $"{path}/rows", [tokens, graph.Longs(-1, Architecture.EmbeddingDimension)]) : tokens;

    /// <summary>The inverse of <see cref="ToRows"/>.</summary>
    internal string FromRows(string rows, string path) => Quantizes
        ? graph.Node("Reshape", $"{path}/tokens", [rows, graph.Longs(-1, Architecture.Tokens, Architecture.EmbeddingDimension)])
        : rows;

    /// <summary>Converts a value to the matrix type.</summary>
    internal string ToMatrix(string value, string path) => Cast(value, path, OnnxType.Float16);

    /// <summary>Converts a value to float32, the type of the token stream, norms and softmax.</summary>
    internal string ToStream(string value, string path) => Cast(value, path, OnnxType.Float32);

    /// <summary>A scalar constant in the matrix type.</summary>
    internal string MatrixScalar(double value) => precision == OnnxPrecision.Float16 ? graph.Half(value) : graph.Float(value);

    private string Cast(string value, string path, OnnxType type) =>
        precision == OnnxPrecision.Float16 ? graph.Node("Cast", $"{path}/{type}", [value], ("to", (long)type)) : value;
}

/// <summary>Node names, derived from the network's module names.</summary>
internal static class ModulePath
{
    private const string Blocks = "/blocks/";

    /// <summary>Converts <c>blocks.0.attn.qkv</c> to <c>/blocks.0/attn/qkv</c>.</summary>
    internal static string Of(string module)
    {
        string path = "/" + module.Replace('.', '/');
        return path.StartsWith(Blocks, StringComparison.Ordinal) ? $"/blocks.{path[Blocks.Length..]}" : path;
    }
}
