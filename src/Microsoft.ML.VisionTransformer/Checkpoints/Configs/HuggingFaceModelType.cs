// The model types of Hugging Face that are read, and how.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Name">The <c>model_type</c> of <c>config.json</c>.</param>
/// <param name="Read">Makes the network's architecture.</param>
/// <param name="Processor">How the published checkpoints of the type prepare images, where <c>preprocessor_config.json</c> is missing.</param>
internal sealed record HuggingFaceModelType(string Name, Func<HuggingFaceSource, VisionTransformerArchitecture> Read, ImageProcessor Processor)
{
    private static readonly HuggingFaceModelType[] _known =
    [
        new("clip", HuggingFaceClip.ReadBoth, ImageProcessor.Clip),
        new("clip_vision_model", HuggingFaceClip.ReadVision, ImageProcessor.Clip),
        new("deit", HuggingFaceVit.ReadDeit, ImageProcessor.Deit with { Colours = ColorStatistics.ImageNet }),
        new("dinov2", HuggingFaceDinov2.Read, ImageProcessor.Dinov2),
        new("dinov2_with_registers", HuggingFaceDinov2.ReadWithRegisters, ImageProcessor.Dinov2),
        new("dinov3_vit", HuggingFaceDinov3.Read, ImageProcessor.Dinov3),
        new("siglip", HuggingFaceSiglip.ReadBoth, ImageProcessor.Siglip),
        new("siglip_vision_model", HuggingFaceSiglip.ReadVision, ImageProcessor.Siglip),
        new("vit", HuggingFaceVit.ReadVit, ImageProcessor.Vit),
        new("vit_mae", HuggingFaceVit.ReadMae, ImageProcessor.Vit with { Colours = ColorStatistics.ImageNet }),
        new("vit_msn", HuggingFaceVit.ReadMsn, ImageProcessor.Vit with { Colours = ColorStatistics.ImageNet }),
    ];

    /// <summary>The setting that names the type.</summary>
    internal const string Key = "model_type";

    /// <exception cref="InvalidCheckpointException">The type is left out or not read.</exception>
    internal static HuggingFaceModelType Find(JsonSettings settings)
    {
        string? name = settings.Text(Key);
        return Array.Find(_known, type => type.Name == name)
            ?? throw settings.Unsupported(Key, $"the types {string.Join(", ", _known.Select(type => type.Name))} are read; take a checkpoint of one of these.");
    }
}
