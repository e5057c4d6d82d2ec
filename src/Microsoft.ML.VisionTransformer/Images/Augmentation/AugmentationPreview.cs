// Draws a contact sheet of augmented images, and converts network input back to images.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>A contact sheet: one row per image, one column per epoch, black lines between them.</summary>
internal sealed class AugmentationPreview
{
    private const int Gap = 2;

    private readonly ImagePreprocessing _preprocessing;
    private readonly ImagePreprocessor _converter;
    private readonly BatchMixing _mixing;

    internal AugmentationPreview(TrainingAugmentations augmentations, ImagePreprocessing preprocessing)
    {
        _preprocessing = preprocessing;
        _converter = new ImagePreprocessor(preprocessing, new AugmentationPipeline(preprocessing, augmentations));
        _mixing = new BatchMixing(augmentations, preprocessing.Size.Height, preprocessing.Size.Width);
    }

    /// <summary>Returns the sheet as a PNG file.</summary>
    internal byte[] Draw(IReadOnlyList<byte[]> encoded, int epochs, int seed)
    {
        Guard.That(encoded.Count > 0, "images", "There are no images to show; pass at least one.");
        var decoding = _converter.Decoding(null) with { Reduction = null };
        RgbImage[] images =
        [
            .. encoded.Select((bytes, i) =>
                ImageDecoder.Decode(Guard.NotNull(bytes, "images"), FormattableString.Invariant($"image {i + 1}"), decoding)),
        ];
        var (height, width) = (_preprocessing.Size.Height, _preprocessing.Size.Width);
        var sheet = new RgbImage(checked(epochs * (width + Gap) - Gap), checked(images.Length * (height + Gap) - Gap));
        Array.Clear(sheet.Pixels);
        float[] batch = new float[checked(images.Length * _converter.Length)];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            for (int row = 0; row < images.Length; row++)
                _converter.ForTraining(images[row], RandomStream.For(seed, epoch, row), Input(batch, row));
            _mixing.Mix(batch, images.Length, RandomStream.For(seed, epoch));
            for (int row = 0; row < images.Length; row++)
                Paste(Input(batch, row), sheet, epoch * (width + Gap), row * (height + Gap));
        }

        return sheet.ToPng();
    }

    private Span<float> Input(float[] batch, int row) => batch.AsSpan(row * _converter.Length, _converter.Length);

    private void Paste(ReadOnlySpan<float> chw, RgbImage sheet, int left, int top)
    {
        var image = InputImage.Of(chw, _preprocessing);
        for (int y = 0; y < image.Height; y++)
            image.Row(y).CopyTo(sheet.Row(top + y)[(left * RgbImage.Channels)..]);
    }
}

/// <summary>Converts the network's input back to an image.</summary>
internal static class InputImage
{
    /// <summary>
    /// Undoes the normalization of an input [channels, height, width] and rounds to 8 bits. A single channel gives a gray image; of more than three
    /// channels the first three are used.
    /// </summary>
    internal static RgbImage Of(ReadOnlySpan<float> chw, ImagePreprocessing preprocessing)
    {
        var (height, width) = (preprocessing.Size.Height, preprocessing.Size.Width);
        var image = new RgbImage(width, height);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            int channel = Math.Min(i % RgbImage.Channels, preprocessing.Mean.Count - 1), pixel = i / RgbImage.Channels;
            float fraction = chw[channel * height * width + pixel] * preprocessing.StandardDeviation[channel] + preprocessing.Mean[channel];
            image.Pixels[i] = (byte)Math.Clamp(MathF.Round(fraction * 255), 0, 255);
        }

        return image;
    }
}
