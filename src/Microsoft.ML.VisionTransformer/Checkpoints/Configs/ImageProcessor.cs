// Hugging Face's image processors: what each does where its configuration leaves something out.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Squashes">A size given as one number is both sides; false: the shorter side.</param>
/// <param name="Size">Side in pixels that images are resized to.</param>
/// <param name="Crop">Side in pixels of the middle that is kept; null: no crop.</param>
/// <param name="Interpolation">The resampling kernel.</param>
/// <param name="Colours">Mean and deviation.</param>
internal sealed record ImageProcessor(bool Squashes, int Size, int? Crop, ImageInterpolation Interpolation, ColorStatistics Colours)
{
    private static readonly string[] _endings = ["ImageProcessorFast", "ImageProcessorPil", "ImageProcessor", "FeatureExtractor"];

    internal static ImageProcessor Vit { get; } = new(true, 224, null, ImageInterpolation.Bilinear, ColorStatistics.Half);

    internal static ImageProcessor Deit { get; } = new(true, 256, 224, ImageInterpolation.Bicubic, ColorStatistics.Half);

    /// <summary>CLIP's; <c>BitImageProcessor</c>, which DINOv2 uses, has the same.</summary>
    internal static ImageProcessor Clip { get; } = new(false, 224, 224, ImageInterpolation.Bicubic, ColorStatistics.Clip);

    internal static ImageProcessor Siglip { get; } = new(true, 224, null, ImageInterpolation.Bicubic, ColorStatistics.Half);

    internal static ImageProcessor Dinov3 { get; } = new(true, 224, null, ImageInterpolation.Bilinear, ColorStatistics.ImageNet);

    /// <summary>What the published DINOv2 checkpoints set.</summary>
    internal static ImageProcessor Dinov2 { get; } = Clip with { Size = 256, Colours = ColorStatistics.ImageNet };

    /// <summary>The processor that a configuration names, under the new key or the old; null where it names none.</summary>
    /// <exception cref="InvalidCheckpointException">It is none that is read.</exception>
    internal static ImageProcessor? Find(JsonSettings settings)
    {
        string key = settings.Has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
        return settings.Text(key) is not { } name ? null : Stem(name) switch
        {
            "ViT" => Vit,
            "DeiT" => Deit,
            "CLIP" or "Bit" => Clip,
            "Siglip" => Siglip,
            "DINOv3ViT" => Dinov3,
            _ => throw settings.Unsupported(
                key, "the image processors of ViT, DeiT, CLIP, Bit, Siglip and DINOv3ViT are read; remove the file to take what is usual for the model type."),
        };
    }

    private static string Stem(string name) =>
        Array.Find(_endings, ending => name.EndsWith(ending, StringComparison.Ordinal)) is { } ending ? name[..^ending.Length] : name;
}
