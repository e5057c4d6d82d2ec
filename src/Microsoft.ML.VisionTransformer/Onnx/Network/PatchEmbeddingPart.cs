// The patch embedding as ONNX computes it.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>Images [N, C, H, W] to patch tokens [N, patches, D].</summary>
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
