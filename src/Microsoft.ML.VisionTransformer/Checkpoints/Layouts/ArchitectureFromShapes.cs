// Infers an architecture from the tensor names and shapes of a checkpoint without a configuration.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Infers an architecture from the tensor names and shapes of a checkpoint without a configuration.</summary>
/// <remarks>
/// Shapes do not determine: the number of heads (see <see cref="HeadCount"/>); average, max or combined pooling before <c>fc_norm</c>, and whether it includes
/// the class token; overlapping patches; a non-square image; epsilon, activation and rotary embedding, for which the publisher's values are used.
/// </remarks>
internal static class ArchitectureFromShapes
{
    /// <summary>Initial value of LayerScale; the weights in the file replace it.</summary>
    private const double LayerScaleStart = 1e-5;

    private const string NoPreset = "vit_custom";

    /// <summary>Infers the architecture.</summary>
    /// <param name="map">The file's tensors under the network's names.</param>
    /// <param name="heads">Number of attention heads; null if the caller does not know it.</param>
    /// <exception cref="InvalidCheckpointException">The architecture cannot be inferred; the message asks for it.</exception>
    internal static InferredArchitecture Infer(LayoutMap map, int? heads = null)
    {
        var shapes = new NetworkShapes(map);
        var notes = new List<string>();
        var found = Pooled(shapes, Blocks(shapes, Patches(shapes)), notes);
        found = Published(shapes, InferredPositions.With(shapes, found, notes), notes);
        found = found with { Heads = heads ?? HeadCount.Of(shapes, found, notes) };
        found = found with { Name = HeadCount.Nearest(found) is { } known && known.Heads == found.Heads ? known.Name : NoPreset };
        try
        {
            return new InferredArchitecture(found.Check(), notes);
        }
        catch (ArgumentException e)
        {
            throw new InvalidCheckpointException(shapes.Error(e.Message.TrimEnd('.')).Message, e);
        }
    }

    private static VisionTransformerArchitecture Patches(NetworkShapes shapes)
    {
        int[] kernel = shapes.Of("patch_embed.proj.weight", 4);
        bool either = shapes.ShareTensor("dist_token", "reg_token"), distilled = shapes.Has("dist_token") && (!either || shapes.Has("head_dist.weight"));
        return new VisionTransformerArchitecture
        {
            EmbeddingDimension = kernel[0],
            Channels = kernel[1],
            PatchSize = (kernel[2], kernel[3]),
            PatchBias = shapes.Has("patch_embed.proj.bias"),
            PatchNorm = shapes.Has("patch_embed.norm.weight"),
            ClassToken = shapes.Has("cls_token"),
            DistillationToken = distilled,
            RegisterTokens = shapes.Has("reg_token") && !(either && distilled) ? shapes.Of("reg_token", 3)[1] : 0,
            PreNorm = shapes.Has("norm_pre.weight"),
        };
    }

    private static VisionTransformerArchitecture Blocks(NetworkShapes shapes, VisionTransformerArchitecture found)
    {
        int depth = shapes.Depth();
        shapes.Of("blocks.0.attn.qkv.weight", 2);
        int first = shapes.Of("blocks.0.mlp.fc1.weight", 2)[0], hidden = shapes.Of("blocks.0.mlp.fc2.weight", 2)[1];
        if (first != hidden && first != 2L * hidden)
            throw shapes.Error($"the MLP's first layer has {first} outputs and its second {hidden} inputs; they must be equal, or 2:1 for a gated MLP");
        bool keyless = shapes.Has("blocks.0.attn.q_bias");
        return found with
        {
            Depth = depth,
            Mlp = first == hidden ? MlpKind.Plain : MlpKind.SwiGlu,
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(hidden, found.EmbeddingDimension),
            MlpNorm = shapes.Has("blocks.0.mlp.norm.weight"),
            QkvBias = keyless || shapes.Has("blocks.0.attn.qkv.bias"),
            KeyBias = !keyless,
            QkNorm = shapes.Has("blocks.0.attn.q_norm.weight"),
            AttentionNorm = shapes.Has("blocks.0.attn.norm.weight"),
            LayerScale = shapes.Has("blocks.0.ls1.gamma") ? LayerScaleStart : null,
        };
    }

    private static VisionTransformerArchitecture Pooled(NetworkShapes shapes, VisionTransformerArchitecture found, List<string> notes)
    {
        int[] head = shapes.Has("head.weight") ? shapes.Of("head.weight", 2) : [0, 0];
        bool after = shapes.Has("fc_norm.weight");
        var pooling = shapes.Has("attn_pool.latent") ? TokenPooling.Attention
            : head[1] == 2L * found.EmbeddingDimension ? TokenPooling.ClassTokenAndAverage
            : after || !found.ClassToken ? TokenPooling.Average
            : TokenPooling.ClassToken;
        if (pooling == TokenPooling.Average)
            notes.Add("The file does not specify the pooling; the average of the patch tokens is assumed.");
        return found with
        {
            Classes = head[0],
            HeadBias = head[0] == 0 || shapes.Has("head.bias"),
            Pooling = pooling,
            NormAfterPooling = pooling == TokenPooling.Average && !after ? false : null,
            RepresentationDimension = shapes.Has("pre_logits.fc.weight") ? shapes.Of("pre_logits.fc.weight", 2)[0] : 0,
        };
    }

    /// <summary>Applies the publisher's settings. timm's files come from all publishers, who are identified by the content.</summary>
    private static VisionTransformerArchitecture Published(NetworkShapes shapes, VisionTransformerArchitecture found, List<string> notes)
    {
        var layout = shapes.Map.Layout;
        var (epsilon, rotary) = (layout.NormEpsilon, layout.Rotary);
        if (layout == TimmLayouts.Vit && found.PreNorm)
            epsilon = HuggingFaceTowerLayouts.Clip.NormEpsilon;
        if (layout == TimmLayouts.Eva && found.PositionEmbedding == PositionEmbedding.None)
            (epsilon, rotary) = (MetaDinoLayouts.Dinov3Epsilon, MetaDinoLayouts.Dinov3Rotary);
        else if (layout == TimmLayouts.Eva && found.Mlp == MlpKind.SwiGlu)
            rotary = new RotaryEmbedding { ReferenceGrid = 16 };
        notes.Add(FormattableString.Invariant(
            $"The file does not specify norm epsilon and activation; {epsilon} and {layout.Activation} are assumed ({layout.Name})."));
        if (rotary is not null)
            notes.Add(FormattableString.Invariant(
                $"The file does not specify the rotary embedding; {rotary.Layout} with temperature {rotary.Temperature} is assumed."));
        return found with { NormEpsilon = epsilon, Rotary = rotary, Activation = layout.Activation };
    }
}

/// <summary>An architecture inferred from a checkpoint's shapes.</summary>
/// <param name="Architecture">The architecture.</param>
/// <param name="Notes">Assumptions, one sentence each.</param>
internal sealed record InferredArchitecture(VisionTransformerArchitecture Architecture, IReadOnlyList<string> Notes);

/// <summary>
/// The shapes of a network's tensors in a checkpoint, for inferring the architecture. Every returned size is from 1 to <see cref="int.MaxValue"/>.
/// </summary>
internal sealed class NetworkShapes(LayoutMap map)
{
    /// <summary>The file's tensors under the network's names.</summary>
    internal LayoutMap Map => map;

    /// <summary>Whether the file has the complete tensor and its network uses it.</summary>
    internal bool Has(string name) => map.Tensors.TryGetValue(name, out var tensor) && tensor.Shape is not null && !map.IsUnused(name);

    /// <summary>Whether two of the network's tensors map to the same tensor in the file, which can then be only one of them.</summary>
    internal bool ShareTensor(string name, string other) => Has(name) && Has(other) && map.Tensors[name].Parts[0].Tensor == map.Tensors[other].Parts[0].Tensor;

    /// <summary>The shape of a required tensor with the given number of axes.</summary>
    /// <exception cref="InvalidCheckpointException">The tensor is missing, incomplete, or has another number of axes.</exception>
    internal int[] Of(string name, int axes)
    {
        if (!map.Tensors.TryGetValue(name, out var tensor))
            throw Error($"{string.Join(" and ", map.FileNames(name))} {(map.FileNames(name).Count > 1 ? "are" : "is")} missing");
        if (tensor.Parts.FirstOrDefault(part => part.Tensor is null) is { } missing)
            throw Error($"{missing.Name} is missing");
        if (tensor.Shape is not { } shape || shape.Length != axes || shape.Any(size => size is < 1 or > int.MaxValue))
            throw Error(string.Join(", ", tensor.Parts.Select(part =>
                $"{part.Name} is [{MessageText.Of(string.Join(", ", part.Tensor!.Shape))}], which no Vision Transformer with these names has")));
        return [.. shape.Select(size => (int)size)];
    }

    /// <summary>The number of blocks. Their indices must be consecutive from 0.</summary>
    /// <exception cref="InvalidCheckpointException">There are no blocks, or an index is missing.</exception>
    internal int Depth()
    {
        var blocks = map.Tensors.Values.Select(tensor => tensor.Block).OfType<int>().ToHashSet();
        if (blocks.Count == 0)
            throw Error("it has no blocks");
        for (int i = 0; i < blocks.Count; i++)
        {
            if (!blocks.Contains(i))
                throw Error($"it has tensors of {blocks.Count} blocks up to index {blocks.Max()}, but none of block {i}");
        }

        return blocks.Count;
    }

    /// <summary>Creates the error for a file whose architecture cannot be inferred.</summary>
    internal InvalidCheckpointException Error(string what) => new(
        $"{map.Path} ({map.Layout.Name} names) does not determine its architecture: {what}. "
        + "Pass the architecture explicitly, or download the whole model folder with its config.json.");
}

/// <summary>Infers image size and prefix entries from the length of a position table.</summary>
internal static class InferredPositions
{
    private const int UsualImageSide = 224;

    /// <summary>
    /// A table of P entries has one entry per patch of a square grid, with or without entries for the prefix tokens. If both are possible (9 entries, 5 prefix
    /// tokens), the larger grid is assumed.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">Neither gives a square grid.</exception>
    internal static VisionTransformerArchitecture With(NetworkShapes shapes, VisionTransformerArchitecture found, List<string> notes)
    {
        var patch = found.PatchSize;
        if (!shapes.Has("pos_embed"))
            return WithoutTable(found, notes);
        int[] table = shapes.Of("pos_embed", 3);
        int count = table[1], prefix = found.PrefixTokens;
        bool covers = Root(count) is null && prefix > 0;
        if (Root(covers ? count - prefix : count) is not { } side)
            throw shapes.Error($"its {count} positions do not form a square patch grid, with or without {prefix} prefix tokens");
        if (prefix > 0 && !covers)
            notes.Add($"The file has {count} positions, which are {side} x {side} patches; no positions for the {prefix} prefix tokens are assumed.");
        return found with
        {
            PositionEmbedding = PositionEmbedding.Learned,
            PositionsCoverPrefix = covers || prefix == 0,
            ImageSize = ImageOf(shapes, patch, side),
        };
    }

    private static VisionTransformerArchitecture WithoutTable(VisionTransformerArchitecture found, List<string> notes)
    {
        var patch = found.PatchSize;
        var image = new ImageDimensions(Math.Max(1, UsualImageSide / patch.Height) * patch.Height, Math.Max(1, UsualImageSide / patch.Width) * patch.Width);
        notes.Add($"The file has no position table to infer the image size from; {image} is assumed.");
        return found with { PositionEmbedding = PositionEmbedding.None, ImageSize = image };
    }

    private static ImageDimensions ImageOf(NetworkShapes shapes, ImageDimensions patch, int side)
    {
        long height = (long)side * patch.Height, width = (long)side * patch.Width;
        return height <= int.MaxValue && width <= int.MaxValue
            ? ((int)height, (int)width)
            : throw shapes.Error($"{side} x {side} patches of {patch} pixels exceed the largest image size");
    }

    private static int? Root(int count)
    {
        if (count < 1)
            return null;
        int root = (int)Math.Round(Math.Sqrt(count));
        return (long)root * root == count ? root : null;
    }
}

/// <summary>Infers the number of attention heads, which most checkpoints do not contain.</summary>
internal static class HeadCount
{
    private const int UsualHeadWidth = 64;

    /// <summary>
    /// Sources in order: the width of a query norm; the heads axis of Flax tensors; the known network with the same width and depth; a head width of 64, as in
    /// nearly every published network.
    /// </summary>
    /// <param name="shapes">The file.</param>
    /// <param name="found">The rest of the inferred architecture.</param>
    /// <param name="notes">Receives a sentence if the number is assumed.</param>
    /// <exception cref="InvalidCheckpointException">The number cannot be inferred.</exception>
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
            ? Assumed(dimension / UsualHeadWidth, $"head width {UsualHeadWidth}, as usual", notes)
            : throw shapes.Error($"the number of attention heads is not in it, and no known network has width {dimension} and depth {found.Depth}");
    }

    /// <summary>
    /// The known network with the same width and depth that has the most other properties in common; ties prefer a plain ViT with a short name. Null if none.
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
        notes.Add($"The file does not specify the number of heads; {heads} is assumed ({why}).");
        return heads;
    }
}
