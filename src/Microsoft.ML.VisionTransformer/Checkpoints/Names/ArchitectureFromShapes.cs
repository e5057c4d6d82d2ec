// Works out an architecture from the names and shapes of a checkpoint that has no configuration.
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
        bool either = shapes.AreOne("dist_token", "reg_token"), distilled = shapes.Has("dist_token") && (!either || shapes.Has("head_dist.weight"));
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
