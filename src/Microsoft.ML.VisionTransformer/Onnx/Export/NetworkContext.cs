// What all parts of the network's graph share.
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>
/// The graph that is built, the weights and the numbers it computes in. The stream of tokens, norms and softmax are 32-bit always; what enters and leaves a
/// product of matrices is 16-bit with <see cref="OnnxPrecision.Float16"/>, and the two conversions are here.
/// </summary>
internal sealed class NetworkContext(GraphBuilder graph, OnnxModelDescription model, OnnxPrecision precision)
{
    internal GraphBuilder Graph => graph;

    internal VisionTransformerArchitecture Architecture => model.Architecture;

    internal NetworkWeights Weights { get; } = new(graph, model, precision);

    /// <summary>Whether the blocks' products are computed in 8-bit integers.</summary>
    internal bool Quantizes => precision == OnnxPrecision.Int8;

    /// <summary>A value of the stream as products take it.</summary>
    internal string ToMatrix(string value, string path) => Cast(value, path, OnnxType.Float16);

    /// <summary>What a product gave as the stream, norms and softmax take it.</summary>
    internal string ToStream(string value, string path) => Cast(value, path, OnnxType.Float32);

    /// <summary>A number to compute with between two products.</summary>
    internal string MatrixScalar(double value) => precision == OnnxPrecision.Float16 ? graph.Half(value) : graph.Float(value);

    private string Cast(string value, string path, OnnxType type) =>
        precision == OnnxPrecision.Float16 ? graph.Node("Cast", $"{path}/{type}", [value], ("to", (long)type)) : value;
}

/// <summary>Names of nodes by the module of the network that they compute.</summary>
internal static class ModulePath
{
    private const string Blocks = "/blocks/";

    /// <summary><c>blocks.0.attn.qkv</c> to <c>/blocks.0/attn/qkv</c>.</summary>
    internal static string Of(string module)
    {
        string path = "/" + module.Replace('.', '/');
        return path.StartsWith(Blocks, StringComparison.Ordinal) ? $"/blocks.{path[Blocks.Length..]}" : path;
    }
}
