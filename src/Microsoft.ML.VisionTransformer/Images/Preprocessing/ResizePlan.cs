// The geometry of the evaluation transform: the resized size of an image and the part that is kept.
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Resampling;

namespace Microsoft.ML.VisionTransformer.Images.Preprocessing;

/// <summary>
/// timm's rules (<c>transforms_imagenet_eval</c>) with their rounding. The target of the resize is size / crop fraction, rounded down;
/// then the center is kept: a side that is too long is cropped, starting at round-half-even((resized - size) / 2), and one that is too short is padded.
/// </summary>
internal sealed class ResizePlan
{
    private readonly ImagePreprocessing _settings;
    private readonly byte[] _padding;

    internal ResizePlan(ImagePreprocessing settings)
    {
        _settings = settings;
        double kept = settings.Resizing == ImageResizing.Squash ? 1 : settings.CropFraction;
        Scaled = new ImageDimensions((int)(settings.Size.Height / kept), (int)(settings.Size.Width / kept));
        _padding = [.. Enumerable.Range(0, RgbImage.Channels).Select(c => PaddingOf(settings.Mean[Math.Min(c, settings.Mean.Count - 1)]))];
    }

    /// <summary>The target size of the resize, before the crop.</summary>
    internal ImageDimensions Scaled { get; }

    /// <summary>The color around an image that is too small.</summary>
    internal ReadOnlySpan<byte> Padding => _padding;

    /// <summary>The kernel. timm's resize by ratio, used if the network's input is not square, is always bilinear.</summary>
    internal ImageInterpolation Interpolation =>
        _settings.Resizing == ImageResizing.CenterCrop && !IsSquare ? ImageInterpolation.Bilinear : _settings.Interpolation;

    /// <summary>Whether both sides have the same target length.</summary>
    internal bool IsSquare => Scaled.Height == Scaled.Width;

    /// <summary>The image at the network's size.</summary>
    internal RgbImage Apply(BandedImage image)
    {
        var (height, width) = ResizedSize(image.OriginalHeight, image.OriginalWidth);
        var size = _settings.Size;
        var (rows, columns) = (Center(height, size.Height), Center(width, size.Width));
        var resized = ImageResampler.Resize(image, image.Area, columns, rows, Interpolation);
        return rows.Count == size.Height && columns.Count == size.Width ? resized : Pad(resized);
    }

    /// <summary>The divisor for the sides of an image before it is resized here, crop included.</summary>
    internal int Reduction(int width, int height)
    {
        var (resizedHeight, resizedWidth) = ResizedSize(height, width);
        return ImageReduction.Of(width, height, resizedWidth, resizedHeight);
    }

    /// <summary>Position of an image of that size in the network's input.</summary>
    internal PlaceInInput Place(int width, int height)
    {
        var (resizedHeight, resizedWidth) = ResizedSize(height, width);
        return new PlaceInInput(Start(resizedWidth, _settings.Size.Width), Start(resizedHeight, _settings.Size.Height), resizedWidth, resizedHeight);

        static long Start(long resized, int target) => resized <= target ? PaddingBefore((int)resized, target) : -Center(resized, target).Start;
    }

    private (long Height, long Width) ResizedSize(int imageHeight, int imageWidth)
    {
        if (_settings.Resizing == ImageResizing.Squash)
            return (Scaled.Height, Scaled.Width);
        if (_settings.Resizing == ImageResizing.CenterCrop && IsSquare)
        {
            long side = Scaled.Height, shorter = Math.Min(imageHeight, imageWidth);
            return imageHeight < imageWidth
                ? (side, (long)((double)(side * imageWidth) / shorter))
                : ((long)((double)(side * imageHeight) / shorter), side);
        }

        double byHeight = (double)imageHeight / Scaled.Height, byWidth = (double)imageWidth / Scaled.Width;
        double ratio = _settings.Resizing == ImageResizing.Pad ? Math.Max(byHeight, byWidth) : Math.Min(byHeight, byWidth);
        return (ScaledSide(imageHeight, ratio), ScaledSide(imageWidth, ratio));
    }

    /// <summary>A side is at least one pixel, even in an extremely narrow image.</summary>
    private static long ScaledSide(int side, double ratio) => Math.Max(1, (long)Math.Round(side / ratio, MidpointRounding.ToEven));

    private static ResizedSide Center(long resized, int target) => resized <= target
        ? new ResizedSide(resized, 0, (int)resized)
        : new ResizedSide(resized, (long)Math.Round((resized - target) / 2.0, MidpointRounding.ToEven), target);

    private static int PaddingBefore(int side, int target) => (target - side) / 2;

    private RgbImage Pad(RgbImage image)
    {
        var padded = new RgbImage(_settings.Size.Width, _settings.Size.Height);
        for (int at = 0; at < padded.Pixels.Length; at++)
            padded.Pixels[at] = _padding[at % RgbImage.Channels];
        int left = PaddingBefore(image.Width, padded.Width), top = PaddingBefore(image.Height, padded.Height);
        for (int y = 0; y < image.Height; y++)
            image.Row(y).CopyTo(padded.Row(top + y)[(left * RgbImage.Channels)..]);
        return padded;
    }

    private static byte PaddingOf(float mean) => (byte)Math.Clamp(Math.Round(255 * (double)mean, MidpointRounding.ToEven), 0, 255);
}
