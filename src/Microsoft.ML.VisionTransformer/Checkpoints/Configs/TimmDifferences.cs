// What separates an architecture from a preset, in timm's arguments: TimmArguments the other way round.
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>One row: the argument's name in timm's <c>VisionTransformer</c> and in its <c>Eva</c> (null where it has none) and its value.</summary>
internal sealed record TimmDifference(string What, string? Vit, string? Eva, Func<VisionTransformerArchitecture, JsonNode?> Value);

internal static class TimmDifferences
{
    private const double TimmsNormEpsilon = 1e-6;

    private static readonly TimmDifference[] _rows =
    [
        Both(nameof(VisionTransformerArchitecture.ImageSize), "img_size", a => Size(a.ImageSize)),
        Both(nameof(VisionTransformerArchitecture.PatchSize), "patch_size", a => Size(a.PatchSize)),
        Both(nameof(VisionTransformerArchitecture.Channels), "in_chans", a => a.Channels),
        Both(nameof(VisionTransformerArchitecture.Classes), "num_classes", a => a.Classes),
        Both(nameof(VisionTransformerArchitecture.Pooling), "global_pool", a => TimmNames.Of(TimmNames.Pooling, a.Pooling)),
        Both(nameof(VisionTransformerArchitecture.EmbeddingDimension), "embed_dim", a => a.EmbeddingDimension),
        Both(nameof(VisionTransformerArchitecture.Depth), "depth", a => a.Depth),
        Both(nameof(VisionTransformerArchitecture.Heads), "num_heads", a => a.Heads),
        new(nameof(VisionTransformerArchitecture.Mlp), null, "swiglu_mlp", a => a.Mlp == MlpKind.SwiGlu),
        new(nameof(VisionTransformerArchitecture.MlpRatio), "mlp_ratio", null, a => a.Mlp == MlpKind.SwiGlu ? 2 * a.MlpRatio : a.MlpRatio),
        new(nameof(VisionTransformerArchitecture.MlpRatio), null, "mlp_ratio", a => a.MlpRatio),
        new(nameof(VisionTransformerArchitecture.MlpWidthMultiple), null, "swiglu_align_to", a => a.MlpWidthMultiple == 1 ? 0 : a.MlpWidthMultiple),
        new(nameof(VisionTransformerArchitecture.MlpNorm), "scale_mlp_norm", "scale_mlp", a => a.MlpNorm),
        new(nameof(VisionTransformerArchitecture.Activation), "act_layer", null, a => TimmNames.Of(TimmNames.Activation, a.Activation)),
        Both(nameof(VisionTransformerArchitecture.QkvBias), "qkv_bias", a => a.QkvBias),
        new(nameof(VisionTransformerArchitecture.QkNorm), "qk_norm", null, a => a.QkNorm),
        new(nameof(VisionTransformerArchitecture.AttentionNorm), "scale_attn_norm", "scale_attn_inner", a => a.AttentionNorm),
        Both(nameof(VisionTransformerArchitecture.LayerScale), "init_values", a => a.LayerScale),
        Both(nameof(VisionTransformerArchitecture.ClassToken), "class_token", a => a.ClassToken),
        new(nameof(VisionTransformerArchitecture.RegisterTokens), "reg_tokens", "num_reg_tokens", a => a.RegisterTokens),
        Both(nameof(VisionTransformerArchitecture.PositionsCoverPrefix), "no_embed_class", a => !a.PositionsCoverPrefix),
        new(nameof(VisionTransformerArchitecture.PositionEmbedding), "pos_embed", null, a => TimmNames.Of(TimmNames.Positions, a.PositionEmbedding)),
        new(nameof(VisionTransformerArchitecture.PositionEmbedding), null, "use_abs_pos_emb", a => a.PositionEmbedding == PositionEmbedding.Learned),
        new(nameof(VisionTransformerArchitecture.PreNorm), "pre_norm", "use_pre_transformer_norm", a => a.PreNorm),
        new(nameof(VisionTransformerArchitecture.NormAfterPooling), "fc_norm", null, a => a.NormAfterPooling),
        new(nameof(VisionTransformerArchitecture.NormAfterPooling), null, "use_fc_norm", AfterEvaPool),
        new(nameof(VisionTransformerArchitecture.PoolPrefixTokens), "pool_include_prefix", null, a => a.PoolPrefixTokens),
        new(nameof(VisionTransformerArchitecture.PatchNorm), "embed_norm_layer", null, a => a.PatchNorm ? "layernorm" : null),
        new(nameof(VisionTransformerArchitecture.NormEpsilon), "norm_layer", null, a => a.NormEpsilon == TimmsNormEpsilon ? "layernorm" : null),
        new(nameof(VisionTransformerArchitecture.Rotary), null, "use_rot_pos_emb", a => a.Rotary is not null),
        new(nameof(VisionTransformerArchitecture.Rotary), null, "rope_type", a => TimmNames.Of(TimmNames.Rotary, (a.Rotary ?? new()).Layout)),
        new(nameof(VisionTransformerArchitecture.Rotary), null, "rope_rotate_half", a => a.Rotary?.Layout == RotaryLayout.Dinov3),
        new(nameof(VisionTransformerArchitecture.Rotary), null, "rope_temperature", a => (a.Rotary ?? new()).Temperature),
        new(nameof(VisionTransformerArchitecture.Rotary), null, "ref_feat_shape", a => a.Rotary?.ReferenceGrid is ImageDimensions grid ? Size(grid) : null),
        Both(nameof(VisionTransformerArchitecture.EmbeddingDropoutRate), "pos_drop_rate", a => a.EmbeddingDropoutRate),
        Both(nameof(VisionTransformerArchitecture.AttentionDropoutRate), "attn_drop_rate", a => a.AttentionDropoutRate),
        Both(nameof(VisionTransformerArchitecture.ProjectionDropoutRate), "proj_drop_rate", a => a.ProjectionDropoutRate),
        Both(nameof(VisionTransformerArchitecture.DropPathRate), "drop_path_rate", a => a.DropPathRate),
    ];

    /// <summary>The arguments that make timm build an architecture from a preset, in the order of its constructor.</summary>
    /// <param name="preset">Where timm begins.</param>
    /// <param name="architecture">Where it is to arrive.</param>
    /// <param name="reason">Why it cannot, naming the part; null if it can.</param>
    internal static JsonObject Find(ArchitecturePreset preset, VisionTransformerArchitecture architecture, out string? reason)
    {
        var arguments = new JsonObject();
        reason = TimmExpressible.Obstacle(preset, architecture);
        if (reason is not null)
            return arguments;
        foreach (var row in _rows)
        {
            if ((preset.IsEva ? row.Eva : row.Vit) is not string name)
                continue;
            var value = row.Value(architecture);
            if (!JsonNode.DeepEquals(value, row.Value(preset.Architecture)))
                arguments[name] = value;
        }

        return arguments;
    }

    private static TimmDifference Both(string what, string name, Func<VisionTransformerArchitecture, JsonNode?> value) => new(what, name, name, value);

    /// <summary>timm's Eva puts the norm behind a maximum only where it is told to.</summary>
    private static JsonNode? AfterEvaPool(VisionTransformerArchitecture architecture) =>
        architecture is { NormAfterPooling: null, Pooling: TokenPooling.Max or TokenPooling.AverageAndMax } ? true : architecture.NormAfterPooling;

    private static JsonNode Size(ImageDimensions size) => size.Height == size.Width ? size.Height : new JsonArray(size.Height, size.Width);
}
