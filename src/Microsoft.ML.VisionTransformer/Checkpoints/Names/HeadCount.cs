// The number of attention heads, which most checkpoints do not say.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class HeadCount
{
    private const int UsualHeadWidth = 64;

    /// <summary>
    /// The width of a head from the norm of queries, or the heads that Flax keeps as an axis; else those of the known network of that width and depth; else
    /// heads 64 wide, as in nearly every published network.
    /// </summary>
    /// <param name="shapes">The file.</param>
    /// <param name="found">Everything else that is known of the network.</param>
    /// <param name="notes">Gets a sentence where the number is assumed.</param>
    /// <exception cref="InvalidCheckpointException">Nothing says it.</exception>
    internal static int Of(NetworkShapes shapes, VisionTransformerArchitecture found, List<string> notes)
    {
        int dimension = found.EmbeddingDimension;
        if (found.QkNorm && dimension % shapes.Of("blocks.0.attn.q_norm.weight", 1)[0] == 0)
            return dimension / shapes.Of("blocks.0.attn.q_norm.weight", 1)[0];
        var query = shapes.Map.Tensors["blocks.0.attn.qkv.weight"].Parts[0];
        if (query.Part.Order.Size("heads", query.FileShape) is { } heads)
            return (int)heads;
        if (Nearest(found) is { } known)
            return Assumed(known.Heads, known.Name, notes);
        return dimension % UsualHeadWidth == 0
            ? Assumed(dimension / UsualHeadWidth, $"{UsualHeadWidth} wide, as usual", notes)
            : throw shapes.Error($"the number of attention heads is not in it, and no known network is {dimension} wide and {found.Depth} blocks deep");
    }

    /// <summary>
    /// The known network of that width and depth that has most else in common, of several alike a plain one with a short name; null where there is none.
    /// </summary>
    internal static VisionTransformerArchitecture? Nearest(VisionTransformerArchitecture found) => VisionTransformerArchitecture.Known
        .Select(VisionTransformerArchitecture.Parse)
        .Where(known => known.EmbeddingDimension == found.EmbeddingDimension && known.Depth == found.Depth)
        .OrderByDescending(known => Common(known, found))
        .ThenByDescending(known => known.Name.StartsWith("vit_", StringComparison.Ordinal))
        .ThenBy(known => known.Name.Length)
        .FirstOrDefault();

    private static int Common(VisionTransformerArchitecture known, VisionTransformerArchitecture found) =>
        (known.PatchSize == found.PatchSize ? 4 : 0) + (known.ImageSize == found.ImageSize ? 2 : 0)
        + (known.MlpHiddenDimension == found.MlpHiddenDimension ? 4 : 0)
        + (known.Pooling == found.Pooling ? 1 : 0) + (known.ClassToken == found.ClassToken ? 1 : 0) + (known.RegisterTokens == found.RegisterTokens ? 1 : 0)
        + (known.DistillationToken == found.DistillationToken ? 1 : 0) + (known.PreNorm == found.PreNorm ? 1 : 0) + (known.Mlp == found.Mlp ? 1 : 0)
        + (known.LayerScale.HasValue == found.LayerScale.HasValue ? 1 : 0) + (known.Rotary == found.Rotary ? 1 : 0);

    private static int Assumed(int heads, string why, List<string> notes)
    {
        notes.Add($"The file does not say the number of heads; {heads} assumed ({why}).");
        return heads;
    }
}
