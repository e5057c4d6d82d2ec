// Reads and writes Hugging Face's preprocessor_config.json.
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>
/// Converts the evaluation transform of a checkpoint. Hugging Face has two implementations whose crops differ by one pixel when an odd number of pixels is
/// cropped; this library rounds like the newer one (torchvision).
/// </summary>
internal static class PreprocessorConfig
{
    internal const string FileName = "preprocessor_config.json";

    private const string MeanKey = "image_mean", DeviationKey = "image_std", ResampleKey = "resample", RescaleKey = "rescale_factor";
    private const double ByteRange = 255;

    /// <summary>Settings for steps that are not supported; they must be false.</summary>
    private static readonly string[] _refused = ["do_pad", "do_flip_channel_order", "rescale_offset"];

    /// <summary>
    /// Reads the preprocessing at the network's image size. If the file is missing, the result is that of the model type's published checkpoints.
    /// </summary>
    /// <param name="path">The file, which may be missing.</param>
    /// <param name="architecture">The network; its image size and channels are used.</param>
    /// <param name="published">The image processor of the model type's published checkpoints.</param>
    /// <param name="notes">Receives a sentence for each assumption.</param>
    /// <exception cref="InvalidCheckpointException">A value is invalid or not supported.</exception>
    internal static ImagePreprocessing Read(string path, VisionTransformerArchitecture architecture, ImageProcessor published, ICollection<string> notes)
    {
        bool found = File.Exists(path);
        var settings = found ? JsonSettings.Load(path) : JsonSettings.Parse("{}"u8.ToArray(), path);
        var processor = ImageProcessor.Find(settings) ?? published;
        var geometry = ProcessorGeometry.Read(settings, processor, found ? notes : []);
        if (!found)
        {
            notes.Add($"There is no {FileName}: images are preprocessed as usual for the model type.");
        }
        else if (geometry.Size != architecture.ImageSize)
        {
            notes.Add(
                $"{FileName} has an image size of {geometry.Size} pixels, but the weights' positions are for {architecture.ImageSize}, which is used.");
        }

        RejectUnsupported(settings);
        double scale = ReadScale(settings);
        bool normalizes = settings.Boolean("do_normalize", true);
        return new ImagePreprocessing
        {
            Size = architecture.ImageSize,
            Resizing = geometry.Resizing,
            CropFraction = geometry.CropFraction,
            Interpolation = ReadInterpolation(settings, processor),
            Mean = Scaled(normalizes ? ReadColors(settings, MeanKey, processor.Colors.Mean, architecture.Channels) : Same(0, architecture.Channels), scale),
            StandardDeviation = Scaled(
                normalizes ? ReadColors(settings, DeviationKey, processor.Colors.StandardDeviation, architecture.Channels) : Same(1, architecture.Channels),
                scale),
        };
    }

    /// <summary>Why the file cannot express the preprocessing; null if it can.</summary>
    internal static string? Obstacle(ImagePreprocessing preprocessing) => preprocessing switch
    {
        { Resizing: ImageResizing.Pad } => "Hugging Face's image processors do not pad to an aspect ratio (Resizing is Pad)",
        { Resizing: ImageResizing.CenterCrop } p when p.Size.Height != p.Size.Width =>
            $"Hugging Face's image processors crop to {p.Size} differently from this library: only square inputs, or Resizing Squash, can be written",
        _ => null,
    };

    /// <summary>
    /// Writes the file with <c>BitImageProcessor</c> for resize and center crop, or <c>ViTImageProcessor</c> for a resize that ignores the aspect ratio.
    /// </summary>
    /// <exception cref="NotSupportedException">The file cannot express the preprocessing: see <see cref="Obstacle"/>.</exception>
    internal static void Write(FileSet files, string path, ImagePreprocessing preprocessing)
    {
        if (Obstacle(preprocessing) is { } obstacle)
            throw new NotSupportedException($"{path} cannot be written: {obstacle}.");
        var size = preprocessing.Size;
        bool crops = preprocessing.Resizing == ImageResizing.CenterCrop;
        var settings = new JsonObject
        {
            [ProcessorGeometry.CropFractionKey] = preprocessing.CropFraction,
            ["crop_size"] = crops ? Sides(size) : null,
            ["do_center_crop"] = crops,
            ["do_normalize"] = true,
            ["do_rescale"] = true,
            ["do_resize"] = true,
            [MeanKey] = new JsonArray([.. preprocessing.Mean.Select(v => JsonValue.Create(v))]),
            ["image_processor_type"] = crops ? "BitImageProcessor" : "ViTImageProcessor",
            [DeviationKey] = new JsonArray([.. preprocessing.StandardDeviation.Select(v => JsonValue.Create(v))]),
            [ResampleKey] = preprocessing.Interpolation switch { ImageInterpolation.Lanczos => 1, ImageInterpolation.Bilinear => 2, _ => 3 },
            [RescaleKey] = 1 / ByteRange,
            ["size"] = crops ? new JsonObject { ["shortest_edge"] = (int)(size.Height / preprocessing.CropFraction) } : Sides(size),
        };
        files.Write(path, stream => ConfigFile.Write(stream, settings));
    }

    private static JsonObject Sides(ImageDimensions size) => new() { ["height"] = size.Height, ["width"] = size.Width };

    private static void RejectUnsupported(JsonSettings settings)
    {
        foreach (string key in _refused)
        {
            if (settings.Boolean(key, false))
                throw settings.Unsupported(key, "this step is not supported; use another checkpoint, or set it to false if it has no effect.");
        }
    }

    /// <summary>Reads Pillow's filter, as a number or a name.</summary>
    private static ImageInterpolation ReadInterpolation(JsonSettings settings, ImageProcessor processor)
    {
        const string Expected = "1 (Lanczos), 2 (bilinear) or 3 (bicubic), antialiased like Pillow's filters,";
        if (settings.IsText(ResampleKey))
        {
            return settings.Text(ResampleKey)!.ToUpperInvariant() switch
            {
                "LANCZOS" => ImageInterpolation.Lanczos,
                "BILINEAR" => ImageInterpolation.Bilinear,
                "BICUBIC" => ImageInterpolation.Bicubic,
                _ => throw settings.Wrong(ResampleKey, Expected),
            };
        }

        return settings.Number(ResampleKey, -1, v => v is 1 or 2 or 3, Expected) switch
        {
            1 => ImageInterpolation.Lanczos,
            2 => ImageInterpolation.Bilinear,
            3 => ImageInterpolation.Bicubic,
            _ => processor.Interpolation,
        };
    }

    /// <summary>
    /// Upper end of the range that pixels are scaled to: 1 for 1/255, 2 for 1/127.5, 255 without rescaling. This library scales pixels to [0, 1] and divides
    /// mean and standard deviation by this value: (s x - m) / d = (x - m / s) / (d / s).
    /// </summary>
    private static double ReadScale(JsonSettings settings)
    {
        if (!settings.Boolean("do_rescale", true))
            return ByteRange;
        double scale = ByteRange * settings.Number(RescaleKey, 1 / ByteRange, v => v is >= 1e-6 and <= 1, "a number from 1e-6 to 1, usually 1/255,");
        return Math.Abs(scale - 1) < 1e-6 ? 1 : scale;    // files have 1/255 with 6 to 17 digits
    }

    /// <summary>Reads one value per channel, or one value for all channels.</summary>
    private static ChannelValues ReadColors(JsonSettings settings, string key, ChannelValues standard, int channels)
    {
        string expected = $"one number, or one for each of {channels} channels, of at most a million" + (key == DeviationKey ? ", above 0," : ",");
        var values = settings.Values(key, v => Math.Abs(v) <= 1e6 && (key == MeanKey || v > 1e-6), expected) ?? [.. standard.Select(v => (double)v)];
        if (values.Count == channels)
            return new ChannelValues([.. values.Select(v => (float)v)]);
        return values.Count > 0 && values.Distinct().Count() == 1 && (values.Count == 1 || !settings.Has(key))
            ? Same((float)values[0], channels)
            : throw settings.Wrong(key, expected);
    }

    private static ChannelValues Same(float value, int channels) => new([.. Enumerable.Repeat(value, channels)]);

    private static ChannelValues Scaled(ChannelValues values, double scale) => scale == 1 ? values : new([.. values.Select(v => (float)(v / scale))]);
}
