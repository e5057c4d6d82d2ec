// Writes the config.json of timm's hub layout, so that timm builds the same network and prepares images in the same way.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class TimmConfigWriter
{
    /// <summary>Where timm can begin if the architecture's own name is unknown or does not lead to it: one of each class, norm epsilon and MLP.</summary>
    private static readonly string[] _bases =
    [
        "vit_base_patch16_224", "vit_base_patch16_clip_224", "deit_base_distilled_patch16_224", "vit_giant_patch14_dinov2", "eva_giant_patch14_224",
        "vit_base_patch16_dinov3",
    ];

    private static readonly JsonWriterOptions _form = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes the configuration. <see cref="VisionTransformerArchitecture.Initialization"/> is not in it: it says nothing of trained weights.
    /// </summary>
    /// <returns>
    /// The preset that timm begins with, whose class decides the names of the weights: the one of the architecture's name, or, where the name is unknown
    /// or timm's class of that name cannot become the architecture, a base of another class (whose name the architecture has when the file is read again).
    /// </returns>
    /// <exception cref="NotSupportedException">timm cannot express the architecture; the message names the part.</exception>
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

    /// <summary>The preset to begin with and the arguments that lead from it to the architecture.</summary>
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

        throw new NotSupportedException($"timm cannot express this architecture: {firstReason}. Save it in another layout, or change that part.");
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
