// Writes config.json in timm's hub layout, so timm builds the same network and preprocesses images the same way.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Architecture;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>Writes config.json in timm's hub layout.</summary>
internal static class TimmConfigWriter
{
    /// <summary>
    /// Base presets for architectures whose own name is unknown to timm or cannot be adapted: one for each combination of class, norm epsilon and MLP.
    /// </summary>
    private static readonly string[] _bases =
    [
        "vit_base_patch16_224", "vit_base_patch16_clip_224", "deit_base_distilled_patch16_224", "vit_giant_patch14_dinov2", "eva_giant_patch14_224",
        "vit_base_patch16_dinov3",
    ];

    private static readonly JsonWriterOptions _form = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes the configuration. <see cref="VisionTransformerArchitecture.Initialization"/> is omitted because it does not affect trained weights.
    /// </summary>
    /// <returns>
    /// timm's base preset, whose class determines the names of the weights. It is the preset of the architecture's name, or another one if the name is unknown
    /// or its class cannot express the architecture. In the latter case, reading the file gives the architecture the name of the other preset.
    /// </returns>
    /// <exception cref="NotSupportedException">timm cannot express the architecture; the message names the property.</exception>
    internal static ArchitecturePreset Write(
        Stream stream, VisionTransformerArchitecture architecture, ImagePreprocessing preprocessing, IReadOnlyList<string>? classNames)
    {
        var (preset, arguments) = Express(architecture);
        var config = new JsonObject
        {
            ["architecture"] = preset.Architecture.Name,
            ["num_classes"] = architecture.Classes,
            ["num_features"] = architecture.EmbeddingDimension,
        };
        if (architecture.Pooling != TokenPooling.None)
            config["global_pool"] = TimmNames.Of(TimmNames.Pooling, architecture.Pooling);
        if (classNames is not null)
            config["label_names"] = new JsonArray([.. classNames.Select(name => JsonValue.Create(name))]);
        if (arguments.Count > 0)
            config["model_args"] = arguments;
        config["pretrained_cfg"] = Settings(preset, architecture, preprocessing);
        using var writer = new Utf8JsonWriter(stream, _form);
        config.WriteTo(writer);
        return preset;
    }

    /// <summary>Finds the base preset and the constructor arguments that change it to the architecture.</summary>
    internal static (ArchitecturePreset Preset, JsonObject Arguments) Express(VisionTransformerArchitecture architecture)
    {
        string? firstReason = null;
        foreach (string name in _bases.Prepend(architecture.Name))
        {
            if (ArchitecturePresets.Find(name) is not ArchitecturePreset preset)
                continue;
            var arguments = TimmDifferences.Find(preset, architecture, out string? reason);
            if (reason is null)
                return (preset, arguments);
            firstReason ??= reason;
        }

        throw new NotSupportedException($"timm cannot express this architecture: {firstReason}. Save it in another layout, or change that property.");
    }

    private static JsonObject Settings(ArchitecturePreset preset, VisionTransformerArchitecture architecture, ImagePreprocessing preprocessing)
    {
        var size = preprocessing.Size;
        var settings = new JsonObject
        {
            ["custom_load"] = false,
            ["input_size"] = new JsonArray(architecture.Channels, size.Height, size.Width),
            ["fixed_input_size"] = true,
        };
        TimmPreprocessing.Write(preprocessing, settings);
        settings["num_classes"] = architecture.Classes;
        settings["pool_size"] = null;
        settings["first_conv"] = "patch_embed.proj";
        settings["classifier"] = preset.Timm == TimmFamily.DistilledVisionTransformer ? new JsonArray("head", "head_dist") : "head";
        return settings;
    }
}

/// <summary>
/// A property that may differ between an architecture and a preset: its timm argument in <c>VisionTransformer</c> and in <c>Eva</c> (null if the class has
/// none), and its value. The reverse of <see cref="TimmArguments"/>.
/// </summary>
internal sealed record TimmDifference(string What, string? Vit, string? Eva, Func<VisionTransformerArchitecture, JsonNode?> Value);

/// <summary>Expresses the differences between an architecture and a preset as timm's constructor arguments.</summary>
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

    /// <summary>Finds the arguments with which timm builds the architecture from the preset, in the order of timm's constructor.</summary>
    /// <param name="preset">The base preset.</param>
    /// <param name="architecture">The architecture to build.</param>
    /// <param name="reason">Why timm cannot build it, starting with the property; null if it can.</param>
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

    /// <summary>timm's Eva places the norm after max pooling only if the argument is set.</summary>
    private static JsonNode? AfterEvaPool(VisionTransformerArchitecture architecture) =>
        architecture is { NormAfterPooling: null, Pooling: TokenPooling.Max or TokenPooling.AverageAndMax } ? true : architecture.NormAfterPooling;

    private static JsonNode Size(ImageDimensions size) => size.Height == size.Width ? size.Height : new JsonArray(size.Height, size.Width);
}

/// <summary>Determines whether timm can build an architecture from a preset with arguments that JSON can represent.</summary>
internal static class TimmExpressible
{
    private const double TimmsNormEpsilon = 1e-6;
    private const string FixedEpsilon = "NormEpsilon is not a timm argument; it is 1e-6, or 1e-5 for some names";

    /// <summary>The first property that timm cannot express, with the reason; null if there is none.</summary>
    internal static string? Obstacle(ArchitecturePreset preset, VisionTransformerArchitecture architecture) =>
        Common(architecture) ?? (preset.IsEva ? ForEva(preset, architecture) : ForVit(preset, architecture)) ?? TimmLimits.Violation(preset, architecture);

    private static string? Common(VisionTransformerArchitecture a) => a switch
    {
        _ when a.Stride != a.PatchSize => "PatchStride differs from PatchSize; timm's patches do not overlap",
        _ when a.PatchBias == a.PreNorm => "PatchBias and PreNorm are equal; timm's patch embedding has a bias only if there is no norm before the blocks",
        { RepresentationDimension: > 0 } => "RepresentationDimension is set; timm has no layer between pooling and head",
        { HeadBias: false } => "HeadBias is false; timm's head always has a bias, which can be zeros",
        { PositionEmbedding: PositionEmbedding.SinCos2D } => "PositionEmbedding is SinCos2D; timm has a learned table, which can hold the same values",
        { Pooling: TokenPooling.ClassTokenAndAverage } => "Pooling is ClassTokenAndAverage; timm has no such pooling",
        { Mlp: MlpKind.Plain, MlpWidthMultiple: > 1 } => "MlpWidthMultiple is above 1; timm has it for SwiGLU only, use another MlpRatio",
        _ => null,
    };

    private static string? ForVit(ArchitecturePreset preset, VisionTransformerArchitecture a) => a switch
    {
        _ when a.DistillationToken != preset.Architecture.DistillationToken => "DistillationToken requires a separate class in timm",
        _ when a.Mlp != preset.Architecture.Mlp => "Mlp is not an argument of timm's VisionTransformer",
        _ when a.NormEpsilon != preset.Architecture.NormEpsilon && a.NormEpsilon != TimmsNormEpsilon => FixedEpsilon,
        { QkvBias: true, KeyBias: false } => "KeyBias is false; timm's VisionTransformer has a bias on all of q, k and v or on none",
        { Rotary: not null } => "Rotary is set; timm's VisionTransformer has no rotary positions",
        { MlpWidthMultiple: > 1 } => "MlpWidthMultiple is above 1; timm's VisionTransformer has no such argument",
        { LayerScale: 0 } => "LayerScale is 0, which timm's VisionTransformer treats as none",
        { PatchNorm: true } when a.NormEpsilon != TimmsNormEpsilon => "PatchNorm with a NormEpsilon other than 1e-6 cannot be expressed in JSON",
        _ => null,
    };

    private static string? ForEva(ArchitecturePreset preset, VisionTransformerArchitecture a) => a switch
    {
        { DistillationToken: true } => "DistillationToken requires a separate class in timm",
        _ when a.NormEpsilon != preset.Architecture.NormEpsilon => FixedEpsilon,
        { QkvBias: true, KeyBias: true } => "KeyBias is true; timm's Eva has none",
        { QkNorm: true } => "QkNorm is true; timm's Eva has none",
        { PatchNorm: true } => "PatchNorm is true; timm's Eva has none",
        { PoolPrefixTokens: true } => "PoolPrefixTokens is true; timm's Eva pools patch tokens only",
        { Mlp: MlpKind.Plain, Activation: not MlpActivation.Gelu } => "Activation is not Gelu; timm's Eva has no other",
        _ => null,
    };
}
