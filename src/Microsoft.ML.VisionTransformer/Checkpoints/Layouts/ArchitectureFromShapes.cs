// Works out an architecture from the names and shapes of a checkpoint that has no configuration.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Works out an architecture from the names and shapes of a checkpoint that has no configuration.</summary>
/// <remarks>
/// Shapes do not tell: heads (see <see cref="HeadCount"/>); a mean, a maximum or both behind <c>fc_norm</c>, and whether they take in the class token;
/// overlapping patches; an image that is not square; epsilon, activation and rotary embedding, which are taken from what the layout's publisher does.
/// </remarks>
internal static class ArchitectureFromShapes
{
    /// <summary>First value of LayerScale for fresh weights; those of the file are read.</summary>
    private const double LayerScaleStart = 1e-5;

    private const string NoPreset = "vit_custom";

    /// <summary>The network that the file is for, as far as can be told.</summary>
    /// <param name="map">The file's tensors under the network's names.</param>
    /// <param name="heads">Number of attention heads, where the caller knows it.</param>
    /// <exception cref="InvalidCheckpointException">Too little can be told; the message asks for the architecture.</exception>
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
            throw shapes.Error($"the MLP's first layer gives {first} values and its second takes {hidden}; a plain one has as many, a gated one twice as many");
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
            notes.Add("The file does not say how tokens are pooled; the mean of the patch tokens assumed.");
        return found with
        {
            Classes = head[0],
            HeadBias = head[0] == 0 || shapes.Has("head.bias"),
            Pooling = pooling,
            NormAfterPooling = pooling == TokenPooling.Average && !after ? false : null,
            RepresentationDimension = shapes.Has("pre_logits.fc.weight") ? shapes.Of("pre_logits.fc.weight", 2)[0] : 0,
        };
    }

    /// <summary>What the layout's publisher does; timm's files are of all publishers, and what they contain tells whose they are.</summary>
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
            $"The file does not say the norms' epsilon, {epsilon} assumed, nor the activation, {layout.Activation} assumed ({layout.Name})."));
        if (rotary is not null)
            notes.Add(FormattableString.Invariant(
                $"The file does not say how positions are turned; {rotary.Layout} with temperature {rotary.Temperature} assumed."));
        return found with { NormEpsilon = epsilon, Rotary = rotary, Activation = layout.Activation };
    }
}

/// <summary>An architecture worked out from a checkpoint's shapes. The network that a file without a configuration is taken for.</summary>
/// <param name="Architecture">The network.</param>
/// <param name="Notes">What the file does not say and was assumed, a sentence each.</param>
internal sealed record InferredArchitecture(VisionTransformerArchitecture Architecture, IReadOnlyList<string> Notes);

/// <summary>
/// Shapes of a network's tensors as a checkpoint has them, for working out the architecture. Looks into a <see cref="LayoutMap"/>; every size it gives is at
/// least 1 and fits the architecture's numbers.
/// </summary>
internal sealed class NetworkShapes(LayoutMap map)
{
    /// <summary>What was opened.</summary>
    internal LayoutMap Map => map;

    /// <summary>Whether the file has that tensor, whole, and its own network uses it.</summary>
    internal bool Has(string name) => map.Tensors.TryGetValue(name, out var tensor) && tensor.Shape is not null && !map.IsUnused(name);

    /// <summary>Whether two of the network's tensors are one in the file, so that it can have only one of them.</summary>
    internal bool ShareTensor(string name, string other) => Has(name) && Has(other) && map.Tensors[name].Parts[0].Tensor == map.Tensors[other].Parts[0].Tensor;

    /// <summary>Sizes of a tensor that must be there and have that many axes.</summary>
    /// <exception cref="InvalidCheckpointException">It is not there, is not whole, or has other axes.</exception>
    internal int[] Of(string name, int axes)
    {
        if (!map.Tensors.TryGetValue(name, out var tensor))
            throw Error($"{string.Join(" and ", map.FileNames(name))} {(map.FileNames(name).Count > 1 ? "are" : "is")} missing");
        if (tensor.Parts.FirstOrDefault(part => part.Tensor is null) is { } missing)
            throw Error($"{missing.Name} is missing");
        if (tensor.Shape is not { } shape || shape.Length != axes || shape.Any(size => size is < 1 or > int.MaxValue))
            throw Error(string.Join(", ", tensor.Parts.Select(part =>
                $"{part.Name} is [{MessageText.Of(string.Join(", ", part.Tensor!.Shape))}], which no Vision Transformer of these names has")));
        return [.. shape.Select(size => (int)size)];
    }

    /// <summary>The number of blocks: every number from 0 on must be there.</summary>
    /// <exception cref="InvalidCheckpointException">There are none, or a number is left out.</exception>
    internal int Depth()
    {
        var blocks = map.Tensors.Values.Select(tensor => tensor.Block).OfType<int>().ToHashSet();
        if (blocks.Count == 0)
            throw Error("it has no blocks");
        for (int i = 0; i < blocks.Count; i++)
        {
            if (!blocks.Contains(i))
                throw Error($"it has tensors of {blocks.Count} blocks, up to number {blocks.Max()}, and none of block {i}");
        }

        return blocks.Count;
    }

    /// <summary>The error of a file that does not say enough.</summary>
    internal InvalidCheckpointException Error(string what) => new(
        $"{map.Path} (names of {map.Layout.Name}) does not give its architecture: {what}. "
        + "Pass architecture, the network the weights are for, or fetch the whole model folder with its config.json.");
}

/// <summary>Image size and prefix entries from the length of a position table.</summary>
internal static class InferredPositions
{
    private const int UsualImageSide = 224;

    /// <summary>
    /// A table of P entries stands for a square of patches, with or without the tokens before them. Where both are squares (9 entries, 5 tokens before the
    /// patches) the larger square is taken.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">Neither is a square.</exception>
    internal static VisionTransformerArchitecture With(NetworkShapes shapes, VisionTransformerArchitecture found, List<string> notes)
    {
        var patch = found.PatchSize;
        if (!shapes.Has("pos_embed"))
            return WithoutTable(found, notes);
        int[] table = shapes.Of("pos_embed", 3);
        int count = table[1], prefix = found.PrefixTokens;
        bool covers = Root(count) is null && prefix > 0;
        if (Root(covers ? count - prefix : count) is not { } side)
            throw shapes.Error($"its {count} positions are no square of patches, with or without {prefix} tokens before them");
        if (prefix > 0 && !covers)
            notes.Add($"The file has {count} positions, which is {side} x {side} patches; none for the {prefix} tokens before them assumed.");
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
        notes.Add($"The file has no position table and so no image size; {image} assumed.");
        return found with { PositionEmbedding = PositionEmbedding.None, ImageSize = image };
    }

    private static ImageDimensions ImageOf(NetworkShapes shapes, ImageDimensions patch, int side)
    {
        long height = (long)side * patch.Height, width = (long)side * patch.Width;
        return height <= int.MaxValue && width <= int.MaxValue
            ? ((int)height, (int)width)
            : throw shapes.Error($"{side} x {side} patches of {patch} pixels make no image");
    }

    private static int? Root(int count)
    {
        if (count < 1)
            return null;
        int root = (int)Math.Round(Math.Sqrt(count));
        return (long)root * root == count ? root : null;
    }
}

/// <summary>The number of attention heads, which most checkpoints do not say.</summary>
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
