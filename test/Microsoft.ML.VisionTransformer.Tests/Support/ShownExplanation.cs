// An explanation with a map of the test's choice, without a network.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class ShownExplanation
{
    /// <summary>Input of 32 x 32 with 2 x 2 patches.</summary>
    internal static readonly VisionTransformerArchitecture Architecture = new() { ImageSize = 32, PatchSize = 16 };

    /// <summary>Of an image of that size, center crop of the shorter side; the patch at the bottom right has the highest value.</summary>
    internal static AttentionExplanation Of(int width = 64, int height = 32, string className = "tulips", float probability = 0.825f, int photoSize = 64)
    {
        var converter = new ImagePreprocessor(new ImagePreprocessing { Size = 32, CropFraction = 1 });
        byte[] file = PaintedImage.Encode(PaintedImage.Gradient(width, height), SKEncodedImageFormat.Png);
        var photo = photoSize == 0 ? null : new EncodedImageSource(file, "photo").Show(converter, photoSize);
        return new AttentionExplanation(
            Architecture, new RgbImage(32, 32), photo, new AttentionMaps([0, 0, 0, 1], [0], [probability]), ExplanationMethod.Rollout, [className]);
    }

    internal static (int Width, int Height) SizeOf(byte[] png)
    {
        using var image = SKBitmap.Decode(png);
        return (image.Width, image.Height);
    }
}
