// Hugging Face's image processors: their defaults, and their size and crop in this library's terms.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>Hugging Face's image processors: what each does where its configuration leaves something out.</summary>
/// <param name="Squashes">A size given as one number is both sides; false: the shorter side.</param>
/// <param name="Size">Side in pixels that images are resized to.</param>
/// <param name="Crop">Side in pixels of the middle that is kept; null: no crop.</param>
/// <param name="Interpolation">The resampling kernel.</param>
/// <param name="Colors">Mean and deviation.</param>
internal sealed record ImageProcessor(bool Squashes, int Size, int? Crop, ImageInterpolation Interpolation, ColorStatistics Colors)
{
    private static readonly string[] _endings = ["ImageProcessorFast", "ImageProcessorPil", "ImageProcessor", "FeatureExtractor"];

    internal static ImageProcessor Vit { get; } = new(true, 224, null, ImageInterpolation.Bilinear, ColorStatistics.Half);

    internal static ImageProcessor Deit { get; } = new(true, 256, 224, ImageInterpolation.Bicubic, ColorStatistics.Half);

    /// <summary>CLIP's; <c>BitImageProcessor</c>, which DINOv2 uses, has the same.</summary>
    internal static ImageProcessor Clip { get; } = new(false, 224, 224, ImageInterpolation.Bicubic, ColorStatistics.Clip);

    internal static ImageProcessor Siglip { get; } = new(true, 224, null, ImageInterpolation.Bicubic, ColorStatistics.Half);

    internal static ImageProcessor Dinov3 { get; } = new(true, 224, null, ImageInterpolation.Bilinear, ColorStatistics.ImageNet);

    /// <summary>What the published DINOv2 checkpoints set.</summary>
    internal static ImageProcessor Dinov2 { get; } = Clip with { Size = 256, Colors = ColorStatistics.ImageNet };

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

/// <summary>Means and standard deviations of color channels under their common names.</summary>
/// <param name="Mean">Red, green, blue, on the scale [0, 1].</param>
/// <param name="StandardDeviation">Red, green, blue, on the scale [0, 1].</param>
internal sealed record ColorStatistics(ChannelValues Mean, ChannelValues StandardDeviation)
{
    /// <summary>Pixels from -1 to 1 (Hugging Face's <c>IMAGENET_STANDARD</c>; timm's <c>IMAGENET_INCEPTION</c>).</summary>
    internal static ColorStatistics Half { get; } = new(new(0.5f, 0.5f, 0.5f), new(0.5f, 0.5f, 0.5f));

    /// <summary>Of the ImageNet training images (both libraries' <c>IMAGENET_DEFAULT</c>).</summary>
    internal static ColorStatistics ImageNet { get; } = new(new(0.485f, 0.456f, 0.406f), new(0.229f, 0.224f, 0.225f));

    /// <summary>Of OpenAI's CLIP (both libraries' <c>OPENAI_CLIP</c>).</summary>
    internal static ColorStatistics Clip { get; } = new(new(0.48145466f, 0.4578275f, 0.40821073f), new(0.26862954f, 0.26130258f, 0.27577711f));
}

/// <summary>Size and crop of a Hugging Face image processor in this library's terms.</summary>
/// <param name="Size">Height and width of what leaves the processor.</param>
/// <param name="Resizing">How the aspect ratio is met.</param>
/// <param name="CropFraction">Share of the resized picture that the crop keeps.</param>
internal sealed record ProcessorGeometry(ImageDimensions Size, ImageResizing Resizing, double CropFraction)
{
    /// <summary>
    /// timm's crop fraction, which ConvNeXt's processor knows too. The others ignore it; it is written so that a fraction such as 0.9 comes back
    /// as itself, where the whole-numbered sizes alone would give 224 / 248.
    /// </summary>
    internal const string CropFractionKey = "crop_pct";

    private const string SizeKey = "size", CropKey = "crop_size";

    /// <exception cref="InvalidCheckpointException">A value is wrong, or what it asks for cannot be done.</exception>
    internal static ProcessorGeometry Read(JsonSettings settings, ImageProcessor processor, ICollection<string> notes)
    {
        if (!settings.Switch("do_resize", true))
            throw settings.Unsupported("do_resize", "pictures of any size cannot enter a network of one size; set it to true.");
        ImageDimensions? crop = settings.Switch("do_center_crop", processor.Crop is not null) ? ReadCrop(settings, processor) : null;
        return ReadShorterSide(settings, processor) is { } edge ? CropMiddle(settings, edge, crop) : Squash(settings, processor, crop, notes);
    }

    /// <summary>
    /// The fraction for which timm's rule, floor(crop / fraction), gives exactly <paramref name="edge"/>: where the plain quotient falls one short, the next
    /// smaller number does not.
    /// </summary>
    internal static double Fraction(int crop, int edge)
    {
        double fraction = (double)crop / edge;
        return (int)(crop / fraction) == edge ? fraction : Math.BitDecrement(fraction);
    }

    private static ImageDimensions ReadCrop(JsonSettings settings, ImageProcessor processor)
    {
        if (processor.Crop is null && !settings.Has(CropKey))
            throw settings.Wrong(CropKey, "what do_center_crop keeps");
        return settings.Object(CropKey, out var sides) ? Sides(sides) : settings.Dimensions(CropKey, processor.Crop ?? 0);
    }

    /// <summary>The shorter side's new size; null where height and width are given.</summary>
    private static int? ReadShorterSide(JsonSettings settings, ImageProcessor processor)
    {
        if (!settings.Object(SizeKey, out var size))
            return processor.Squashes || settings.IsList(SizeKey) ? null : settings.Whole(SizeKey, processor.Size);
        string[] names = [.. size.Names.Where(size.Has).Order(StringComparer.Ordinal)];
        return names switch
        {
            ["shortest_edge"] => size.Whole("shortest_edge", 0),
            ["height", "width"] => null,
            _ => throw settings.Wrong(SizeKey, "either height and width or shortest_edge alone"),
        };
    }

    private static ProcessorGeometry CropMiddle(JsonSettings settings, int edge, ImageDimensions? crop)
    {
        if (crop is not { } kept)
            throw settings.Unsupported(SizeKey, "pictures keep their aspect ratio and are not cropped, to one size; set do_center_crop and crop_size.");
        if (kept.Height != kept.Width || kept.Height > edge)
            throw settings.Unsupported(CropKey, $"a square crop of at most {edge} pixels, the shorter side, is read; correct one of the two.");
        double fraction = ReadFraction(settings, Fraction(kept.Height, edge));
        return (int)(kept.Height / fraction) == edge
            ? new ProcessorGeometry(kept, ImageResizing.CenterCrop, fraction)
            : throw settings.Wrong(CropFractionKey, $"a fraction near {kept.Height} / {edge}, as the two sizes say,");
    }

    private static ProcessorGeometry Squash(JsonSettings settings, ImageProcessor processor, ImageDimensions? crop, ICollection<string> notes)
    {
        var size = settings.Object(SizeKey, out var sides) ? Sides(sides) : settings.Dimensions(SizeKey, processor.Size);
        if (crop is not { } kept || kept == size)
            return new ProcessorGeometry(size, ImageResizing.Squash, ReadFraction(settings, 1));
        if (size.Height != size.Width || kept.Height != kept.Width || kept.Height > size.Height)
            throw settings.Unsupported(CropKey, $"behind a resize to {size} a square crop from a square is read; correct one of the two.");
        notes.Add(
            $"Hugging Face squashes pictures to {size} before it crops the middle {kept}; here their aspect ratio is kept, as in DeiT's own evaluation. "
            + "For square pictures there is no difference.");
        return new ProcessorGeometry(kept, ImageResizing.CenterCrop, Fraction(kept.Height, size.Height));
    }

    private static double ReadFraction(JsonSettings settings, double standard) =>
        settings.Number(CropFractionKey, standard, v => v is > 0 and <= 1, "a number above 0, at most 1,");

    private static ImageDimensions Sides(JsonSettings sides) => sides.Has("height") && sides.Has("width")
        ? new ImageDimensions(sides.Whole("height", 0), sides.Whole("width", 0))
        : throw sides.Wrong(sides.Has("height") ? "width" : "height", $"a whole number from 1 to {JsonSettings.MostSize}");
}
