// Applies timm's constructor arguments (model_args) to a preset's architecture.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>
/// The constructor arguments of timm's <c>VisionTransformer</c> and <c>Eva</c> as tables from name to change. The arguments for rotary positions are
/// evaluated together (<see cref="TimmRotary"/>). Arguments that can only be Python objects (<c>block_fn</c>, <c>mlp_layer</c>, <c>embed_layer</c>) are
/// rejected.
/// </summary>
internal static class TimmArguments
{
    private delegate VisionTransformerArchitecture Change(VisionTransformerArchitecture architecture, TimmValue value);

    private const double LargestRatio = 1000, TimmsNormEpsilon = 1e-6;

    private static readonly Dictionary<string, Change> _both = new(StringComparer.Ordinal)
    {
        ["img_size"] = (a, v) => a with { ImageSize = v.Size() },
        ["patch_size"] = (a, v) => a with { PatchSize = v.Size() },
        ["in_chans"] = (a, v) => a with { Channels = v.Count(1) },
        ["num_classes"] = (a, v) => a with { Classes = v.Count(0) },
        ["global_pool"] = (a, v) => a with { Pooling = v.OneOf(TimmNames.Pooling) },
        ["embed_dim"] = (a, v) => a with { EmbeddingDimension = v.Count(1) },
        ["depth"] = (a, v) => a with { Depth = v.Count(1) },
        ["num_heads"] = (a, v) => a with { Heads = v.Count(1) },
        ["qkv_bias"] = (a, v) => a with { QkvBias = v.Flag() },
        ["class_token"] = (a, v) => a with { ClassToken = v.Flag() },
        ["no_embed_class"] = (a, v) => a with { PositionsCoverPrefix = !v.Flag() },
        ["pos_drop_rate"] = (a, v) => a with { EmbeddingDropoutRate = v.Rate() },
        ["attn_drop_rate"] = (a, v) => a with { AttentionDropoutRate = v.Rate() },
        ["proj_drop_rate"] = (a, v) => a with { ProjectionDropoutRate = v.Rate() },
        ["drop_path_rate"] = (a, v) => a with { DropPathRate = v.Rate() },
        ["norm_layer"] = (a, v) => IsLayerNorm(v) ? a with { NormEpsilon = TimmsNormEpsilon } : a,
    };

    private static readonly Dictionary<string, Change> _vit = new(StringComparer.Ordinal)
    {
        // timm counts both halves of the packed SwiGLU, and treats a LayerScale of 0 as none
        ["mlp_ratio"] = (a, v) => a with { MlpRatio = v.Positive(LargestRatio) / (a.Mlp == MlpKind.SwiGlu ? 2 : 1) },
        ["init_values"] = (a, v) => a with { LayerScale = v.IsNull || v.Number() == 0 ? null : v.Number() },
        ["qk_norm"] = (a, v) => a with { QkNorm = v.Flag() },
        ["scale_attn_norm"] = (a, v) => a with { AttentionNorm = v.Flag() },
        ["scale_mlp_norm"] = (a, v) => a with { MlpNorm = v.Flag() },
        ["reg_tokens"] = (a, v) => a with { RegisterTokens = v.Count(0) },
        ["pos_embed"] = (a, v) => a with { PositionEmbedding = v.OneOf(TimmNames.Positions) },
        ["pre_norm"] = (a, v) => a with { PreNorm = v.Flag(), PatchBias = !v.Flag() },
        ["fc_norm"] = (a, v) => a with { NormAfterPooling = v.FlagOrNull() },
        ["pool_include_prefix"] = (a, v) => a with { PoolPrefixTokens = v.Flag() },
        ["act_layer"] = Activate,
        ["embed_norm_layer"] = (a, v) => a with { PatchNorm = IsLayerNorm(v) },
        ["proj_bias"] = (a, v) => v.Flag() ? a : throw v.Expected("true (projections without bias are not supported)"),
        ["final_norm"] = (a, v) => v.Flag() ? a : throw v.Expected("true (networks without a final norm are not supported)"),
        ["attn_layer"] = (a, v) => v.Text() is "" or "attn" ? a : throw v.Expected("\"attn\" (other kinds of attention are not supported)"),
    };

    private static readonly Dictionary<string, Change> _eva = new(StringComparer.Ordinal)
    {
        ["mlp_ratio"] = (a, v) => a with { MlpRatio = v.Positive(LargestRatio) },
        ["init_values"] = (a, v) => a with { LayerScale = v.IsNull ? null : v.Number() },
        ["scale_attn_inner"] = (a, v) => a with { AttentionNorm = v.Flag() },
        ["scale_mlp"] = (a, v) => a with { MlpNorm = v.Flag() },
        ["swiglu_mlp"] = (a, v) => a with { Mlp = v.Flag() ? MlpKind.SwiGlu : MlpKind.Plain },
        ["swiglu_align_to"] = (a, v) => a with { MlpWidthMultiple = Math.Max(1, v.Count(0)) },
        ["num_reg_tokens"] = (a, v) => a with { RegisterTokens = v.Count(0) },
        ["use_abs_pos_emb"] = (a, v) => a with { PositionEmbedding = v.Flag() ? PositionEmbedding.Learned : PositionEmbedding.None },
        ["use_pre_transformer_norm"] = (a, v) => a with { PreNorm = v.Flag(), PatchBias = !v.Flag() },
        ["use_fc_norm"] = (a, v) => a with { NormAfterPooling = v.FlagOrNull() },
        ["attn_type"] = (a, v) => v.Text() == "eva" ? a : throw v.Expected("\"eva\" (other kinds of attention are not supported)"),
        ["use_post_norm"] = (a, v) => v.Flag() ? throw v.Expected("false (residual post-norm is not supported)") : a,
        ["attn_pool_num_heads"] = (a, v) => v.IsNull ? a : throw v.Expected("null (attention pooling has as many heads as a block)"),
        ["attn_pool_mlp_ratio"] = (a, v) => v.IsNull ? a : throw v.Expected("null (attention pooling has the MLP ratio of the blocks)"),
    };

    /// <summary>Arguments that do not change a trained network's output, with the reason for a note or null.</summary>
    private static readonly Dictionary<string, string?> _ignored = new(StringComparer.Ordinal)
    {
        ["dynamic_img_size"] = null,
        ["weight_init"] = null,
        ["fix_init"] = null,
        ["head_init_scale"] = null,
        ["qkv_fused"] = null,    // affects only the names of weights
        ["use_post_transformer_norm"] = null,    // checked in Complete
        ["dynamic_img_pad"] = "images are not padded to whole patches",
        ["drop_rate"] = "there is no dropout before the head in training",
        ["patch_drop_rate"] = "patches are not dropped in training",
    };

    /// <summary>Returns the architecture that timm builds from a preset with these arguments.</summary>
    /// <param name="preset">The preset; its timm class determines the valid arguments.</param>
    /// <param name="start">The preset's architecture with the rest of the file already applied.</param>
    /// <param name="arguments">The arguments by name.</param>
    /// <param name="where">The file, for messages.</param>
    /// <param name="notes">Receives a sentence for each ignored argument.</param>
    /// <exception cref="InvalidCheckpointException">An argument is unknown, has an invalid value, or specifies a network that cannot be built.</exception>
    internal static VisionTransformerArchitecture Apply(
        ArchitecturePreset preset,
        VisionTransformerArchitecture start,
        IReadOnlyDictionary<string, TimmValue> arguments,
        string where,
        ICollection<string> notes)
    {
        var architecture = start;
        foreach (var (name, value) in arguments)
        {
            if (_both.TryGetValue(name, out var change) || (preset.IsEva ? _eva : _vit).TryGetValue(name, out change))
                architecture = change(architecture, value);
            else if (_ignored.TryGetValue(name, out string? why))
                Note(value, why, notes);
            else if (!preset.IsEva || !TimmRotary.Has(name))
                throw Unknown(preset, name, value);
        }

        if (preset.IsEva)
            architecture = Complete(architecture with { Rotary = TimmRotary.Apply(architecture.Rotary, arguments) }, arguments);
        return TimmLimits.Violation(preset, architecture) is string reason
            ? throw new InvalidCheckpointException($"{where} describes a network that cannot be built: {reason}. Correct model_args or pass the architecture.")
            : architecture;
    }

    /// <summary>
    /// Applies the rules of timm's Eva that depend on several arguments: by default only average pooling has a norm after it, and only SwiGLU is aligned.
    /// </summary>
    private static VisionTransformerArchitecture Complete(VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, TimmValue> arguments)
    {
        if (architecture is { NormAfterPooling: null, Pooling: TokenPooling.Max or TokenPooling.AverageAndMax })
            architecture = architecture with { NormAfterPooling = false };
        if (arguments.TryGetValue("use_post_transformer_norm", out var before) && before.FlagOrNull() == architecture.NormsPooled)
            throw before.Expected($"{(architecture.NormsPooled ? "false" : "true")} (there is exactly one final norm, before or after pooling)");
        return architecture.Mlp == MlpKind.Plain ? architecture with { MlpWidthMultiple = 1 } : architecture;
    }

    private static VisionTransformerArchitecture Activate(VisionTransformerArchitecture architecture, TimmValue value)
    {
        if (architecture.Mlp == MlpKind.SwiGlu)
            return value.Element.ValueKind == JsonValueKind.String && value.Text() is "silu" or "swish" ? architecture : throw value.Expected("\"silu\"");
        return architecture with { Activation = value.IsNull ? MlpActivation.Gelu : value.OneOf(TimmNames.Activation) };
    }

    /// <summary>False for null and "", with which timm uses its default.</summary>
    private static bool IsLayerNorm(TimmValue value) =>
        !value.IsNull && value.Text() is { Length: > 0 } name && (name is "layernorm" or "layer_norm" ? true : throw value.Expected("\"layernorm\""));

    private static void Note(TimmValue value, string? why, ICollection<string> notes)
    {
        bool off = value.Element.ValueKind == JsonValueKind.False || (value.Element.ValueKind == JsonValueKind.Number && value.Number() == 0);
        if (why is not null && !off)
            notes.Add($"{value.Where} is ignored: {why}.");
    }

    private static InvalidCheckpointException Unknown(ArchitecturePreset preset, string name, TimmValue value)
    {
        IEnumerable<string> known = [.. _both.Keys, .. (preset.IsEva ? _eva : _vit).Keys, .. _ignored.Keys];
        return new InvalidCheckpointException(
            $"{value.Where} is not a supported argument of {preset.Architecture.Name}; "
            + $"the closest is \"{NearestName.To(MessageText.Of(name), known)}\". Remove it if it has no effect, or pass the architecture.");
    }
}

/// <summary>timm's arguments for rotary positions, which are evaluated together.</summary>
/// <remarks>
/// Two combinations are supported: <c>rope_type</c> "cat" (EVA-02) with <c>rope_rotate_half</c> false, and "dinov3" with true. A grid offset, column-first
/// indexing ("xy") and learned angles ("mixed") are not supported.
/// </remarks>
internal static class TimmRotary
{
    private static readonly HashSet<string> _names = new(StringComparer.Ordinal)
    {
        "use_rot_pos_emb", "rope_type", "rope_temperature", "ref_feat_shape", "rope_rotate_half", "rope_grid_offset", "rope_grid_indexing",
    };

    /// <summary>Whether an argument configures rotary positions.</summary>
    internal static bool Has(string name) => _names.Contains(name);

    /// <summary>The preset's rotary embedding with the arguments applied; null for none.</summary>
    /// <exception cref="InvalidCheckpointException">A value is invalid, or the combination is not supported.</exception>
    internal static RotaryEmbedding? Apply(RotaryEmbedding? preset, IReadOnlyDictionary<string, TimmValue> arguments)
    {
        bool used = arguments.TryGetValue("use_rot_pos_emb", out var use) ? use.Flag() : preset is not null;
        var rotary = preset ?? new RotaryEmbedding();
        bool half = rotary.Layout == RotaryLayout.Dinov3;
        if (arguments.TryGetValue("rope_type", out var type))
            rotary = rotary with { Layout = type.OneOf(TimmNames.Rotary) };
        if (arguments.TryGetValue("rope_temperature", out var temperature))
            rotary = rotary with { Temperature = temperature.Positive(double.MaxValue) };
        if (arguments.TryGetValue("ref_feat_shape", out var grid))
            rotary = rotary with { ReferenceGrid = grid.IsNull ? null : grid.Size() };
        if (arguments.TryGetValue("rope_rotate_half", out var rotate))
            half = rotate.Flag();
        if (arguments.TryGetValue("rope_grid_offset", out var offset) && offset.Number() != 0)
            throw offset.Expected("0 (grids with an offset are not supported)");
        if (arguments.TryGetValue("rope_grid_indexing", out var indexing) && indexing.Text() != "ij")
            throw indexing.Expected("\"ij\" (column-first grids are not supported)");
        if (used && half != (rotary.Layout == RotaryLayout.Dinov3))
            throw (rotate.Where is null ? type : rotate).Expected("\"rope_type\" \"cat\" with \"rope_rotate_half\" false, or \"dinov3\" with true,");
        return used ? rotary : null;
    }
}

/// <summary>Combinations that timm rejects, or computes differently from this library.</summary>
internal static class TimmLimits
{
    /// <summary>Why the preset's timm class cannot compute the architecture; null if it can.</summary>
    internal static string? Violation(ArchitecturePreset preset, VisionTransformerArchitecture architecture)
    {
        bool pools = architecture.Pooling == TokenPooling.Attention;
        if (architecture is { Pooling: TokenPooling.ClassToken, ClassToken: false })
            return "global_pool is \"token\" and class_token false";
        if (pools && architecture.PoolPrefixTokens)
            return "pool_include_prefix is true with global_pool \"map\", which pools patch tokens only";
        if (preset.IsEva && pools && architecture.PrefixTokens > 0)
            return "global_pool is \"map\" with class or register tokens, which timm's Eva includes in pooling and this library does not";
        bool distilled = preset.Timm == TimmFamily.DistilledVisionTransformer;
        if (distilled && architecture is not { ClassToken: true, RegisterTokens: 0, PositionsCoverPrefix: true, Pooling: TokenPooling.ClassToken })
            return "with a distillation token, timm requires class_token true, reg_tokens 0, no_embed_class false and global_pool \"token\"";
        return null;
    }
}
