// Creates the settings of Hugging Face's config.json for the networks that Hugging Face supports.
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>
/// Creates settings for <c>ViTForImageClassification</c>, or for <c>Dinov2ForImageClassification</c> (optionally with registers) if there is LayerScale.
/// </summary>
internal static class HuggingFaceConfigWriter
{
    /// <summary>This library's own setting: the embedding dropout rate, if it differs from the projection dropout rate.</summary>
    internal const string EmbeddingDropoutKey = "embedding_dropout_prob";

    private static readonly Dictionary<string, StoredTensor> _noTensors = [];

    /// <summary>
    /// Why Hugging Face's files cannot express the checkpoint; null if they can, meaning that the settings read back give the same network. The weight
    /// initialization is not written, and the MLP width is written only as a ratio, because neither affects a trained network.
    /// </summary>
    internal static string? Obstacle(CheckpointDescription description)
    {
        var architecture = description.Architecture;
        if (architecture.Classes < 1)
            return "only networks with a classifier are supported (Classes is 0)";
        if (description.ClassNames is { } names && names.Count != architecture.Classes)
            return string.Create(CultureInfo.InvariantCulture, $"there are {names.Count} class names and {architecture.Classes} classes");
        if (description.Preprocessing.Size != architecture.ImageSize)
            return $"images are preprocessed to {description.Preprocessing.Size} pixels, but the network's image size is {architecture.ImageSize}";
        var differing = Differing(KnownArchitecture.Canonical(architecture), KnownArchitecture.Canonical(ReadBack(description)));
        return differing.Count > 0
            ? $"its {(architecture.LayerScale is null ? "ViT" : "DINOv2")} does not support the values of {string.Join(", ", differing)}; use timm's layout"
            : PreprocessorConfig.Obstacle(description.Preprocessing);
    }

    /// <summary>Creates the settings. All relevant settings are written, even if they equal Hugging Face's defaults.</summary>
    internal static JsonObject Settings(CheckpointDescription description)
    {
        var architecture = description.Architecture;
        var settings = Tower(architecture);
        AddModel(settings, architecture);
        AddLabels(settings, architecture.Classes, description.ClassNames);
        if (architecture.EmbeddingDropoutRate != architecture.ProjectionDropoutRate)
            settings[EmbeddingDropoutKey] = architecture.EmbeddingDropoutRate;
        return settings;
    }

    private static JsonObject Tower(VisionTransformerArchitecture architecture) => new()
    {
        [HuggingFaceConfig.NameKey] = HuggingFaceConfig.IsName(architecture.Name) ? architecture.Name : null,
        ["attention_probs_dropout_prob"] = architecture.AttentionDropoutRate,
        ["drop_path_rate"] = architecture.DropPathRate,
        ["hidden_act"] = architecture.Activation switch
        {
            MlpActivation.GeluTanh => "gelu_pytorch_tanh",
            MlpActivation.QuickGelu => "quick_gelu",
            _ => "gelu",
        },
        ["hidden_dropout_prob"] = architecture.ProjectionDropoutRate,
        ["hidden_size"] = architecture.EmbeddingDimension,
        ["image_size"] = Sides(architecture.ImageSize),
        ["layer_norm_eps"] = architecture.NormEpsilon,
        ["num_attention_heads"] = architecture.Heads,
        ["num_channels"] = architecture.Channels,
        ["num_hidden_layers"] = architecture.Depth,
        ["patch_size"] = Sides(architecture.PatchSize),
        ["problem_type"] = "single_label_classification",
        ["qkv_bias"] = architecture.QkvBias,
        ["torch_dtype"] = "float32",
    };

    private static void AddModel(JsonObject settings, VisionTransformerArchitecture architecture)
    {
        if (architecture.LayerScale is not { } layerScale)
        {
            settings[HuggingFaceModelType.Key] = "vit";
            settings["architectures"] = new JsonArray("ViTForImageClassification");
            settings["intermediate_size"] = architecture.MlpHiddenDimension;
            return;
        }

        bool registers = architecture.RegisterTokens > 0, gated = architecture.Mlp == MlpKind.SwiGlu;
        settings[HuggingFaceModelType.Key] = registers ? "dinov2_with_registers" : "dinov2";
        settings["architectures"] = new JsonArray(registers ? "Dinov2WithRegistersForImageClassification" : "Dinov2ForImageClassification");
        settings["layerscale_value"] = layerScale;
        settings["use_swiglu_ffn"] = gated;
        int width = gated ? architecture.MlpHiddenDimension / 2 * 3 : architecture.MlpHiddenDimension;    // DINOv2's SwiGLU uses two thirds of this width
        settings["mlp_ratio"] = VisionTransformerArchitecture.MlpRatioOf(width, architecture.EmbeddingDimension);
        if (registers)
            settings["num_register_tokens"] = architecture.RegisterTokens;
    }

    private static void AddLabels(JsonObject settings, int classes, IReadOnlyList<string>? names)
    {
        JsonObject byIndex = [], byName = [];
        for (int i = 0; i < classes; i++)
        {
            string name = names?[i] ?? HuggingFaceLabels.Placeholder(i);
            byIndex[i.ToString(CultureInfo.InvariantCulture)] = name;
            byName[name] = i;
        }

        settings[HuggingFaceLabels.NamesKey] = byIndex;
        settings["label2id"] = byName;
    }

    private static JsonNode Sides(ImageDimensions size) => size.Height == size.Width ? size.Height : new JsonArray(size.Height, size.Width);

    private static VisionTransformerArchitecture ReadBack(CheckpointDescription description)
    {
        var settings = JsonSettings.Parse(Encoding.UTF8.GetBytes(Settings(description).ToJsonString()), HuggingFaceConfig.FileName);
        return HuggingFaceConfig.Read(settings, HuggingFaceConfig.FileName, _noTensors, []).Architecture;
    }

    /// <summary>Names of the properties whose values differ.</summary>
    private static List<string> Differing(VisionTransformerArchitecture one, VisionTransformerArchitecture other) =>
        [.. typeof(VisionTransformerArchitecture).GetProperties()
            .Where(property => property.GetMethod is { IsStatic: false } && !Equals(property.GetValue(one), property.GetValue(other)))
            .Select(property => property.Name)];
}
