// The golden preprocessing configurations by name, and the paths of their files.
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Preprocessing;

internal static class GoldenPreprocessing
{
    private static readonly ChannelValues _imageNetMean = new(0.485f, 0.456f, 0.406f), _imageNetDeviation = new(0.229f, 0.224f, 0.225f);

    internal static ImagePreprocessing Settings(string config) => config switch
    {
        "eval224_bicubic" => new(),
        "eval224_bilinear" => new() { Interpolation = ImageInterpolation.Bilinear },
        "squash224_bicubic" => new() { Resizing = ImageResizing.Squash },
        "eval64_imagenet" => new() { Size = 64, CropFraction = 0.875, Mean = _imageNetMean, StandardDeviation = _imageNetDeviation },
        "eval48x80_nonsquare" => new() { Size = (48, 80) },
        "border64_bicubic" =>
            new() { Size = 64, CropFraction = 1, Resizing = ImageResizing.Pad, Mean = _imageNetMean, StandardDeviation = _imageNetDeviation },
        _ => throw new ArgumentException(config),
    };

    internal static string Path(params string[] parts) => TestData.Path(["golden", "preprocess", .. parts]);

    internal static RgbImage Decode(params string[] parts) => ImageDecoder.Decode(File.ReadAllBytes(Path(parts)), parts[^1]);
}
