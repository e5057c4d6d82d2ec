// Emits the patch embedding, the prefix tokens and the position embedding as ONNX nodes.
namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>The patch embedding: images [N, C, H, W] to patch tokens [N, patches, D].</summary>
internal static class PatchEmbeddingPart
{
    private const string Module = "patch_embed", Projection = "patch_embed.proj";

    internal static string PatchEmbedding(this NetworkContext context, string images)
    {
        var (graph, architecture) = (context.Graph, context.Architecture);
        string path = ModulePath.Of(Projection), kernel = context.Weights.Kernel($"{Projection}.weight");
        string input = context.ToMatrix(images, path);
        string[] inputs = architecture.PatchBias ? [input, kernel, context.Weights.Bias($"{Projection}.bias")] : [input, kernel];
        var (patch, stride) = (architecture.PatchSize, architecture.Stride);
        string maps = graph.Node(
            "Conv", path, inputs, ("kernel_shape", [patch.Height, patch.Width]), ("strides", [(long)stride.Height, stride.Width]));
        string rows = graph.Node("Reshape", ModulePath.Of(Module), [maps, graph.Longs(0, architecture.EmbeddingDimension, architecture.PatchTokens)]);
        string tokens = context.ToStream(graph.Node("Transpose", ModulePath.Of(Module), [rows], ("perm", [0L, 2, 1])), ModulePath.Of(Module));
        return architecture.PatchNorm ? context.Norm(tokens, $"{Module}.norm") : tokens;
    }
}

/// <summary>
/// The prefix tokens (class, distillation, register) and the position embedding: patch tokens [N, patches, D] to the input [N, T, D] of the first block.
/// </summary>
internal static class TokensPart
{
    private const string Path = "/tokens", Positions = "pos_embed";

    private static readonly string[] _prefix = ["cls_token", "dist_token", "reg_token"];

    internal static string Tokens(this NetworkContext context, string patches, int? batchSize)
    {
        var architecture = context.Architecture;
        bool positioned = context.Weights.Has(Positions);
        if (positioned && !architecture.PositionsCoverPrefix)
            patches = AddPositions(context, patches);
        string stream = architecture.PrefixTokens == 0
            ? patches
            : context.Graph.Node("Concat", Path, [Prefix(context, patches, batchSize), patches], ("axis", 1));
        if (positioned && architecture.PositionsCoverPrefix)
            stream = AddPositions(context, stream);
        return architecture.PreNorm ? context.Norm(stream, "norm_pre") : stream;
    }

    private static string AddPositions(NetworkContext context, string tokens) =>
        context.Graph.Node("Add", ModulePath.Of(Positions), [tokens, context.Weights.Tokens(Positions)]);

    /// <summary>The prefix tokens, repeated for each image: [N, prefix, D].</summary>
    private static string Prefix(NetworkContext context, string patches, int? batchSize)
    {
        var (graph, architecture) = (context.Graph, context.Architecture);
        string[] tokens = [.. _prefix.Where(context.Weights.Has).Select(context.Weights.Tokens)];
        string joined = tokens.Length == 1 ? tokens[0] : graph.Node("Concat", $"{Path}/prefix", tokens, ("axis", 1));
        long[] one = [architecture.PrefixTokens, architecture.EmbeddingDimension];
        if (batchSize is { } size)
            return graph.Node("Expand", Path, [joined, graph.Longs([size, .. one])]);
        string images = graph.Node("Slice", $"{Path}/images", [graph.Node("Shape", $"{Path}/images", [patches]), graph.Longs(0), graph.Longs(1)]);
        return graph.Node("Expand", Path, [joined, graph.Node("Concat", $"{Path}/shape", [images, graph.Longs(one)], ("axis", 0))]);
    }
}
