// Draws a contact sheet of what training shows the network.
using Microsoft.ML.VisionTransformer.Common;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>One row an image, one column an epoch, black lines between.</summary>
internal sealed class AugmentationPreview
{
    private const int Gap = 2;

    private readonly ImagePreprocessing _preprocessing;
    private readonly ImageToInput _converter;
    private readonly BatchMixing _mixing;

    internal AugmentationPreview(TrainingAugmentations augmentations, ImagePreprocessing preprocessing)
    {
        _preprocessing = preprocessing;
        _converter = new ImageToInput(preprocessing, new TrainingAugmentation(preprocessing, augmentations));
        _mixing = new BatchMixing(augmentations, preprocessing.Size.Height, preprocessing.Size.Width);
    }

    /// <summary>The sheet as a PNG file.</summary>
    internal byte[] Draw(IReadOnlyList<byte[]> encoded, int epochs, int seed)
    {
        Guard.That(encoded.Count > 0, "images", "There are no images to show; give at least one.");
        RgbImage[] images = [.. encoded.Select((bytes, i) => ImageDecoder.Decode(Guard.NotNull(bytes, "images"), FormattableString.Invariant($"image {i + 1}")))];
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

        return Encode(sheet);
    }

    private Span<float> Input(float[] batch, int row) => batch.AsSpan(row * _converter.Length, _converter.Length);

    private void Paste(ReadOnlySpan<float> chw, RgbImage sheet, int left, int top)
    {
        var (height, width) = (_preprocessing.Size.Height, _preprocessing.Size.Width);
        for (int i = 0; i < height * width * RgbImage.Channels; i++)
        {
            int channel = Math.Min(i % RgbImage.Channels, _preprocessing.Mean.Count - 1), pixel = i / RgbImage.Channels;
            float share = chw[channel * height * width + pixel] * _preprocessing.StandardDeviation[channel] + _preprocessing.Mean[channel];
            sheet.Row(top + pixel / width)[(left + pixel % width) * RgbImage.Channels + i % RgbImage.Channels] = (byte)Math.Clamp(MathF.Round(share * 255), 0, 255);
        }
    }

    private static byte[] Encode(RgbImage sheet)
    {
        byte[] rgba = new byte[checked(sheet.Width * sheet.Height * 4)];
        for (int i = 0; i < sheet.Width * sheet.Height; i++)
        {
            sheet.Pixels.AsSpan(i * RgbImage.Channels, RgbImage.Channels).CopyTo(rgba.AsSpan(4 * i));
            rgba[4 * i + 3] = byte.MaxValue;
        }

        using var image = SKImage.FromPixelCopy(new SKImageInfo(sheet.Width, sheet.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), rgba);
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
