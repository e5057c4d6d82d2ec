// Hugging Face's image processors: their defaults, and the conversion of size and crop to this library's preprocessing.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>The defaults of a Hugging Face image processor.</summary>
/// <param name="Squashes">Whether a single size applies to both sides; false: to the shorter side.</param>
/// <param name="Size">Side in pixels that images are resized to.</param>
/// <param name="Crop">Side of the center crop in pixels; null: no crop.</param>
/// <param name="Interpolation">The resampling filter.</param>
/// <param name="Colors">Mean and standard deviation.</param>
internal sealed record ImageProcessor(bool Squashes, int Size, int? Crop, ImageInterpolation Interpolation, ColorStatistics Colors)
{
    private static readonly string[] _endings = ["ImageProcessorFast", "ImageProcessorPil", "ImageProcessor", "FeatureExtractor"];

    internal static ImageProcessor Vit { get; } = new(true, 224, null, ImageInterpolation.Bilinear, ColorStatistics.Half);

    internal static ImageProcessor Deit { get; } = new(true, 256, 224, ImageInterpolation.Bicubic, ColorStatistics.Half);

    /// <summary>CLIP's processor. <c>BitImageProcessor</c>, which DINOv2 uses, has the same defaults.</summary>
    internal static ImageProcessor Clip { get; } = new(false, 224, 224, ImageInterpolation.Bicubic, ColorStatistics.Clip);

    internal static ImageProcessor Siglip { get; } = new(true, 224, null, ImageInterpolation.Bicubic, ColorStatistics.Half);

    internal static ImageProcessor Dinov3 { get; } = new(true, 224, null, ImageInterpolation.Bilinear, ColorStatistics.ImageNet);

    /// <summary>The settings of the published DINOv2 checkpoints.</summary>
    internal static ImageProcessor Dinov2 { get; } = Clip with { Size = 256, Colors = ColorStatistics.ImageNet };

    /// <summary>Finds the processor that a configuration names under the new or the old key; null if it names none.</summary>
    /// <exception cref="InvalidCheckpointException">The processor is not supported.</exception>
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
                key,
                "the supported image processors are those of ViT, DeiT, CLIP, Bit, Siglip and DINOv3ViT; remove the file to use the model type's defaults."),
        };
    }

    private static string Stem(string name) =>
        Array.Find(_endings, ending => name.EndsWith(ending, StringComparison.Ordinal)) is { } ending ? name[..^ending.Length] : name;
}

/// <summary>Mean and standard deviation of the color channels.</summary>
/// <param name="Mean">Red, green, blue, in [0, 1].</param>
/// <param name="StandardDeviation">Red, green, blue, in [0, 1].</param>
internal sealed record ColorStatistics(ChannelValues Mean, ChannelValues StandardDeviation)
{
    /// <summary>Scales pixels to [-1, 1] (Hugging Face's <c>IMAGENET_STANDARD</c>; timm's <c>IMAGENET_INCEPTION</c>).</summary>
    internal static ColorStatistics Half { get; } = new(new(0.5f, 0.5f, 0.5f), new(0.5f, 0.5f, 0.5f));

    /// <summary>Statistics of the ImageNet training images (both libraries' <c>IMAGENET_DEFAULT</c>).</summary>
    internal static ColorStatistics ImageNet { get; } = new(new(0.485f, 0.456f, 0.406f), new(0.229f, 0.224f, 0.225f));

    /// <summary>Statistics of OpenAI's CLIP (both libraries' <c>OPENAI_CLIP</c>).</summary>
    internal static ColorStatistics Clip { get; } = new(new(0.48145466f, 0.4578275f, 0.40821073f), new(0.26862954f, 0.26130258f, 0.27577711f));
}

/// <summary>Size and crop of a Hugging Face image processor, converted to this library's preprocessing.</summary>
/// <param name="Size">Height and width of the processor's output.</param>
/// <param name="Resizing">How the aspect ratio is handled.</param>
/// <param name="CropFraction">Fraction of the resized image that the crop keeps.</param>
internal sealed record ProcessorGeometry(ImageDimensions Size, ImageResizing Resizing, double CropFraction)
{
    /// <summary>
    /// timm's crop fraction, which ConvNeXt's processor also uses; the others ignore it. It is written to preserve a fraction such as 0.9, for which the
    /// integer sizes alone would give 224 / 248.
    /// </summary>
    internal const string CropFractionKey = "crop_pct";

    private const string SizeKey = "size", CropKey = "crop_size";

    /// <exception cref="InvalidCheckpointException">A value is invalid or not supported.</exception>
    internal static ProcessorGeometry Read(JsonSettings settings, ImageProcessor processor, ICollection<string> notes)
    {
        if (!settings.Boolean("do_resize", true))
            throw settings.Unsupported("do_resize", "images must be resized because the network has a fixed input size; set it to true.");
        ImageDimensions? crop = settings.Boolean("do_center_crop", processor.Crop is not null) ? ReadCrop(settings, processor) : null;
        return ReadShorterSide(settings, processor) is { } edge ? CropMiddle(settings, edge, crop) : Squash(settings, processor, crop, notes);
    }

    /// <summary>
    /// The fraction for which timm's rule, floor(crop / fraction), gives exactly <paramref name="edge"/>. If the quotient gives one less because of rounding,
    /// the next smaller double gives the exact value.
    /// </summary>
    internal static double Fraction(int crop, int edge)
    {
        double fraction = (double)crop / edge;
        return (int)(crop / fraction) == edge ? fraction : Math.BitDecrement(fraction);
    }

    private static ImageDimensions ReadCrop(JsonSettings settings, ImageProcessor processor)
    {
        if (processor.Crop is null && !settings.Has(CropKey))
            throw settings.Wrong(CropKey, "the size of the center crop");
        return settings.Object(CropKey, out var sides) ? Sides(sides) : settings.Dimensions(CropKey, processor.Crop ?? 0);
    }

    /// <summary>The new size of the shorter side; null if height and width are specified.</summary>
    private static int? ReadShorterSide(JsonSettings settings, ImageProcessor processor)
    {
        if (!settings.Object(SizeKey, out var size))
            return processor.Squashes || settings.IsList(SizeKey) ? null : settings.Integer(SizeKey, processor.Size);
        string[] names = [.. size.Names.Where(size.Has).Order(StringComparer.Ordinal)];
        return names switch
        {
            ["shortest_edge"] => size.Integer("shortest_edge", 0),
            ["height", "width"] => null,
            _ => throw settings.Wrong(SizeKey, "either height and width, or shortest_edge alone,"),
        };
    }

    private static ProcessorGeometry CropMiddle(JsonSettings settings, int edge, ImageDimensions? crop)
    {
        if (crop is not { } kept)
        {
            throw settings.Unsupported(
                SizeKey, "images keep their aspect ratio and are not cropped to the network's input size; set do_center_crop and crop_size.");
        }

        if (kept.Height != kept.Width || kept.Height > edge)
            throw settings.Unsupported(CropKey, $"the crop must be square and at most {edge} pixels, the shorter side; correct crop_size or size.");
        double fraction = ReadFraction(settings, Fraction(kept.Height, edge));
        return (int)(kept.Height / fraction) == edge
            ? new ProcessorGeometry(kept, ImageResizing.CenterCrop, fraction)
            : throw settings.Wrong(CropFractionKey, $"a fraction close to {kept.Height} / {edge}, the ratio of the two sizes,");
    }

    private static ProcessorGeometry Squash(JsonSettings settings, ImageProcessor processor, ImageDimensions? crop, ICollection<string> notes)
    {
        var size = settings.Object(SizeKey, out var sides) ? Sides(sides) : settings.Dimensions(SizeKey, processor.Size);
        if (crop is not { } kept || kept == size)
            return new ProcessorGeometry(size, ImageResizing.Squash, ReadFraction(settings, 1));
        if (size.Height != size.Width || kept.Height != kept.Width || kept.Height > size.Height)
            throw settings.Unsupported(CropKey, $"after a resize to {size}, only a square crop from a square is supported; correct crop_size or size.");
        notes.Add(
            $"Hugging Face resizes images to {size} without keeping the aspect ratio, then crops the center {kept}; this library keeps the aspect ratio, "
            + "as in DeiT's own evaluation. For square images there is no difference.");
        return new ProcessorGeometry(kept, ImageResizing.CenterCrop, Fraction(kept.Height, size.Height));
    }

    private static double ReadFraction(JsonSettings settings, double standard) =>
        settings.Number(CropFractionKey, standard, v => v is > 0 and <= 1, "a number above 0, at most 1,");

    private static ImageDimensions Sides(JsonSettings sides) => sides.Has("height") && sides.Has("width")
        ? new ImageDimensions(sides.Integer("height", 0), sides.Integer("width", 0))
        : throw sides.Wrong(sides.Has("height") ? "width" : "height", $"an integer from 1 to {JsonSettings.MaxSize}");
}
