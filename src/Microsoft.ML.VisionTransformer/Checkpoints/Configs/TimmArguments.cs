// timm's keyword arguments (model_args) as changes of a preset's architecture.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>
/// The constructors of timm's <c>VisionTransformer</c> and <c>Eva</c> as tables: name of an argument, what it changes. Rotary positions take several arguments
/// together (<see cref="TimmRotary"/>). Arguments that can only be Python objects (<c>block_fn</c>, <c>mlp_layer</c>, <c>embed_layer</c>) are refused.
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
        ["global_pool"] = (a, v) => a with { Pooling = v.One(TimmNames.Pooling) },
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
        // timm counts both halves of the packed SwiGLU, and takes a LayerScale of 0 for none
        ["mlp_ratio"] = (a, v) => a with { MlpRatio = v.Positive(LargestRatio) / (a.Mlp == MlpKind.SwiGlu ? 2 : 1) },
        ["init_values"] = (a, v) => a with { LayerScale = v.IsNull || v.Number() == 0 ? null : v.Number() },
        ["qk_norm"] = (a, v) => a with { QkNorm = v.Flag() },
        ["scale_attn_norm"] = (a, v) => a with { AttentionNorm = v.Flag() },
        ["scale_mlp_norm"] = (a, v) => a with { MlpNorm = v.Flag() },
        ["reg_tokens"] = (a, v) => a with { RegisterTokens = v.Count(0) },
        ["pos_embed"] = (a, v) => a with { PositionEmbedding = v.One(TimmNames.Positions) },
        ["pre_norm"] = (a, v) => a with { PreNorm = v.Flag(), PatchBias = !v.Flag() },
        ["fc_norm"] = (a, v) => a with { NormAfterPooling = v.FlagOrNull() },
        ["pool_include_prefix"] = (a, v) => a with { PoolPrefixTokens = v.Flag() },
        ["act_layer"] = Activate,
        ["embed_norm_layer"] = (a, v) => a with { PatchNorm = IsLayerNorm(v) },
        ["proj_bias"] = (a, v) => v.Flag() ? a : throw v.Not("true (projections without bias are not built)"),
        ["final_norm"] = (a, v) => v.Flag() ? a : throw v.Not("true (networks without a final norm are not built)"),
        ["attn_layer"] = (a, v) => v.Text() is "" or "attn" ? a : throw v.Not("\"attn\" (other kinds of attention are not built)"),
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
        ["attn_type"] = (a, v) => v.Text() == "eva" ? a : throw v.Not("\"eva\" (other kinds of attention are not built)"),
        ["use_post_norm"] = (a, v) => v.Flag() ? throw v.Not("false (residual post-norm is not built)") : a,
        ["attn_pool_num_heads"] = (a, v) => v.IsNull ? a : throw v.Not("null (the pool has as many heads as a block)"),
        ["attn_pool_mlp_ratio"] = (a, v) => v.IsNull ? a : throw v.Not("null (the pool's MLP has the blocks' ratio)"),
    };

    /// <summary>Arguments that change no number of a trained network, and why.</summary>
    private static readonly Dictionary<string, string?> _ignored = new(StringComparer.Ordinal)
    {
        ["dynamic_img_size"] = null,
        ["weight_init"] = null,
        ["fix_init"] = null,
        ["head_init_scale"] = null,
        ["qkv_fused"] = null,    // names of weights alone
        ["use_post_transformer_norm"] = null,    // compared below
        ["dynamic_img_pad"] = "images are not padded to whole patches",
        ["drop_rate"] = "there is no dropout before the head in training",
        ["patch_drop_rate"] = "patches are not dropped in training",
    };

    /// <summary>The architecture that timm builds from a preset with these arguments.</summary>
    /// <param name="preset">The preset; its family decides which arguments there are.</param>
    /// <param name="start">The preset's architecture, with what the rest of the file says already in it.</param>
    /// <param name="arguments">Name and value, with the place for messages.</param>
    /// <param name="where">The file, for messages.</param>
    /// <param name="notes">Takes a sentence for each argument that is left out of account.</param>
    /// <exception cref="InvalidCheckpointException">An argument is unknown, has a wrong value, or asks for a network that cannot be built.</exception>
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
        return TimmLimits.Broken(preset, architecture) is string reason
            ? throw new InvalidCheckpointException($"{where} describes a network that cannot be built: {reason}. Correct model_args or pass the architecture.")
            : architecture;
    }

    /// <summary>What timm's Eva decides from several arguments: its norm follows the mean alone if nothing is said, and only SwiGLU is aligned.</summary>
    private static VisionTransformerArchitecture Complete(VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, TimmValue> arguments)
    {
        if (architecture is { NormAfterPooling: null, Pooling: TokenPooling.Max or TokenPooling.AverageAndMax })
            architecture = architecture with { NormAfterPooling = false };
        if (arguments.TryGetValue("use_post_transformer_norm", out var before) && before.FlagOrNull() == architecture.NormsPooled)
            throw before.Not($"{(architecture.NormsPooled ? "false" : "true")} (there is one final norm, before or behind the pool)");
        return architecture.Mlp == MlpKind.Plain ? architecture with { MlpWidthMultiple = 1 } : architecture;
    }

    private static VisionTransformerArchitecture Activate(VisionTransformerArchitecture architecture, TimmValue value)
    {
        if (architecture.Mlp == MlpKind.SwiGlu)
            return value.Element.ValueKind == JsonValueKind.String && value.Text() is "silu" or "swish" ? architecture : throw value.Not("\"silu\"");
        return architecture with { Activation = value.IsNull ? MlpActivation.Gelu : value.One(TimmNames.Activation) };
    }

    /// <summary>False for null and "", timm's "as you see fit".</summary>
    private static bool IsLayerNorm(TimmValue value) =>
        !value.IsNull && value.Text() is { Length: > 0 } name && (name is "layernorm" or "layer_norm" ? true : throw value.Not("\"layernorm\""));

    private static void Note(TimmValue value, string? why, ICollection<string> notes)
    {
        bool off = value.Element.ValueKind == JsonValueKind.False || (value.Element.ValueKind == JsonValueKind.Number && value.Number() == 0);
        if (why is not null && !off)
            notes.Add($"{value.Where} is left out of account: {why}.");
    }

    private static InvalidCheckpointException Unknown(ArchitecturePreset preset, string name, TimmValue value)
    {
        IEnumerable<string> known = [.. _both.Keys, .. (preset.IsEva ? _eva : _vit).Keys, .. _ignored.Keys];
        return new InvalidCheckpointException(
            $"{value.Where} is no argument that is understood for {preset.Architecture.Name}; "
            + $"the nearest is \"{NearestName.To(MessageText.Of(name), known)}\". Take it out if it does not matter, or pass the architecture.");
    }
}

/// <summary>timm's arguments for rotary positions, which only mean something together.</summary>
/// <remarks>
/// Two combinations can be built: <c>rope_type</c> "cat" (EVA-02) with <c>rope_rotate_half</c> false, and "dinov3" with true. A grid offset, columns before
/// rows ("xy") and learned angles ("mixed") cannot.
/// </remarks>
internal static class TimmRotary
{
    private static readonly HashSet<string> _names = new(StringComparer.Ordinal)
    {
        "use_rot_pos_emb", "rope_type", "rope_temperature", "ref_feat_shape", "rope_rotate_half", "rope_grid_offset", "rope_grid_indexing",
    };

    /// <summary>Whether an argument belongs to rotary positions.</summary>
    internal static bool Has(string name) => _names.Contains(name);

    /// <summary>The preset's rotation with what the arguments change; null for none.</summary>
    /// <exception cref="InvalidCheckpointException">A value is wrong, or the combination cannot be built.</exception>
    internal static RotaryEmbedding? Apply(RotaryEmbedding? preset, IReadOnlyDictionary<string, TimmValue> arguments)
    {
        bool used = arguments.TryGetValue("use_rot_pos_emb", out var use) ? use.Flag() : preset is not null;
        var rotary = preset ?? new RotaryEmbedding();
        bool half = rotary.Layout == RotaryLayout.Dinov3;
        if (arguments.TryGetValue("rope_type", out var type))
            rotary = rotary with { Layout = type.One(TimmNames.Rotary) };
        if (arguments.TryGetValue("rope_temperature", out var temperature))
            rotary = rotary with { Temperature = temperature.Positive(double.MaxValue) };
        if (arguments.TryGetValue("ref_feat_shape", out var grid))
            rotary = rotary with { ReferenceGrid = grid.IsNull ? null : grid.Size() };
        if (arguments.TryGetValue("rope_rotate_half", out var rotate))
            half = rotate.Flag();
        if (arguments.TryGetValue("rope_grid_offset", out var offset) && offset.Number() != 0)
            throw offset.Not("0 (grids with an offset are not built)");
        if (arguments.TryGetValue("rope_grid_indexing", out var indexing) && indexing.Text() != "ij")
            throw indexing.Not("\"ij\" (grids that count columns first are not built)");
        if (used && half != (rotary.Layout == RotaryLayout.Dinov3))
            throw (rotate.Where is null ? type : rotate).Not("\"rope_type\" \"cat\" with \"rope_rotate_half\" false, or \"dinov3\" with true,");
        return used ? rotary : null;
    }
}

/// <summary>Combinations that timm refuses, or computes in a way that the network here does not.</summary>
internal static class TimmLimits
{
    /// <summary>Why timm's class of a preset cannot compute what an architecture says; null if it can.</summary>
    internal static string? Broken(ArchitecturePreset preset, VisionTransformerArchitecture architecture)
    {
        bool pools = architecture.Pooling == TokenPooling.Attention;
        if (architecture is { Pooling: TokenPooling.ClassToken, ClassToken: false })
            return "global_pool is \"token\" and class_token false";
        if (pools && architecture.PoolPrefixTokens)
            return "pool_include_prefix is true with global_pool \"map\", whose pool sees patches alone";
        if (preset.IsEva && pools && architecture.PrefixTokens > 0)
            return "global_pool is \"map\" with class or register tokens, which timm's Eva pools and the network here does not";
        bool distilled = preset.Timm == TimmFamily.DistilledVisionTransformer;
        if (distilled && architecture is not { ClassToken: true, RegisterTokens: 0, PositionsCoverPrefix: true, Pooling: TokenPooling.ClassToken })
            return "with a distillation token timm needs class_token true, reg_tokens 0, no_embed_class false and global_pool \"token\"";
        return null;
    }
}
