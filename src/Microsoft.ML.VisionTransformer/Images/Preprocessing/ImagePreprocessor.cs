// Converts a decoded image to network input, for training and prediction alike.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Resampling;

namespace Microsoft.ML.VisionTransformer.Images.Preprocessing;

/// <summary>
/// timm's evaluation transform, or in training a random view, with the settings of an <see cref="ImagePreprocessing"/>. Immutable and thread-safe: one
/// instance serves all threads that load images.
/// </summary>
internal sealed class ImagePreprocessor
{
    private const int Levels = 256;

    private readonly ResizePlan _plan;
    private readonly float[] _table;
    private readonly IAugmentation? _augmentation;
    private readonly ImageDecoding _decoding;

    /// <summary>Checks the settings and prepares the tables.</summary>
    /// <param name="settings">Size, crop, kernel, mean and standard deviation.</param>
    /// <param name="augmentation">The augmentations of training; null for prediction only.</param>
    internal ImagePreprocessor(ImagePreprocessing settings, IAugmentation? augmentation = null)
    {
        settings.Check();
        Settings = settings;
        _augmentation = augmentation;
        _decoding = new ImageDecoding { MaxPixels = settings.MaxPixels, AllowTruncated = settings.AllowTruncated };
        _plan = new ResizePlan(settings);
        _table = new float[settings.Mean.Count * Levels];
        for (int i = 0; i < _table.Length; i++)
            _table[i] = (i % Levels / 255f - settings.Mean[i / Levels]) / settings.StandardDeviation[i / Levels];
    }

    internal ImagePreprocessing Settings { get; }

    private IAugmentation Augmentation => _augmentation
        ?? throw new InvalidOperationException("This preprocessor was created without an augmentation; it prepares images for prediction only.");

    /// <summary>Channels of the network's input: 3, or 1 for gray.</summary>
    internal int Channels => Settings.Mean.Count;

    /// <summary>Values of one input: channels x height x width.</summary>
    internal int Length => Channels * Settings.Size.Height * Settings.Size.Width;

    /// <summary>The decoder settings for <see cref="ForPrediction"/>, or for training if the random stream of a row and epoch is given.</summary>
    internal ImageDecoding Decoding(RandomStream? random)
    {
        if (!Settings.ScaledDecoding)
            return _decoding;
        return _decoding with { Reduction = random is null ? _plan.Reduction : (width, height) => Augmentation.Reduction(width, height, random) };
    }

    /// <summary>Writes the input of evaluation and prediction, [channels, height, width].</summary>
    internal void ForPrediction(RgbImage image, Span<float> chw) => Finish(View(image, null), null, chw);

    /// <summary>Writes a random view of the image, [channels, height, width]; <paramref name="random"/> is the stream of this row and epoch.</summary>
    internal void ForTraining(RgbImage image, RandomStream random, Span<float> chw) => Finish(View(image, random), random, chw);

    /// <summary>
    /// The image at the network's size: resized and cropped, or a random view if the random stream of a row and epoch is given. <see cref="Finish"/> makes
    /// network input of it.
    /// </summary>
    internal RgbImage View(BandedImage image, RandomStream? random) => random is null ? Fit(image) : Augmentation.Apply(image, random);

    /// <summary>Writes the network's input [channels, height, width] of a <see cref="View"/> with the same random stream.</summary>
    internal void Finish(RgbImage view, RandomStream? random, Span<float> chw)
    {
        Normalize(view, chw);
        if (random is not null)
            Augmentation.Erase(chw, random);
    }

    /// <summary>Writes a random view of pixels that the user prepared, [channels, height, width] to the same: flips and erasing only.</summary>
    internal void ForTraining(ReadOnlySpan<float> pixels, RandomStream random, Span<float> chw)
    {
        Augmentation.Apply(pixels, random, chw);
        Augmentation.Erase(chw, random);
    }

    /// <summary>The decoder settings for <see cref="Whole"/>.</summary>
    internal ImageDecoding DecodingOfWhole(int longestSide) => _decoding with
    {
        Reduction = (width, height) =>
        {
            var (shownWidth, shownHeight) = SizeOfWhole(width, height, longestSide);
            return ImageReduction.Of(width, height, shownWidth, shownHeight);
        },
    };

    /// <summary>The image as a whole, reduced or enlarged so that its longest side has that many pixels.</summary>
    internal static RgbImage Whole(BandedImage image, int longestSide)
    {
        var (width, height) = SizeOfWhole(image.OriginalWidth, image.OriginalHeight, longestSide);
        return ImageResampler.Resize(image, image.Area, ResizedSide.Whole(width), ResizedSide.Whole(height), ImageInterpolation.Bicubic);
    }

    /// <summary>Position of an image of that size in the network's input, in evaluation and prediction.</summary>
    internal PlaceInInput Place(int width, int height) => _plan.Place(width, height);

    private static (int Width, int Height) SizeOfWhole(int width, int height, int longestSide)
    {
        double scale = (double)longestSide / Math.Max(width, height);
        return (Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
    }

    /// <summary>Resizes and crops (or pads) to the network's size.</summary>
    internal RgbImage Fit(BandedImage image) => _plan.Apply(image);

    /// <summary>
    /// Converts pixels at the network's size to (value / 255 - mean) / deviation in float32, channel after channel: [channels, height, width]. Gray is
    /// Pillow's luma, ITU-R 601-2 in 16-bit fixed point, computed after resizing.
    /// </summary>
    internal void Normalize(RgbImage image, Span<float> destination)
    {
        var size = Settings.Size;
        if (image.Width != size.Width || image.Height != size.Height)
            throw new ArgumentException($"The image is {image.Height}x{image.Width}; the network's size is {size}: call Fit first.", nameof(image));
        if (destination.Length != Length)
            throw new ArgumentException($"The destination holds {destination.Length} values; at least {Length} are required.", nameof(destination));
        if (Channels == 1)
            NormalizeGray(image.Pixels, destination);
        else
            NormalizeColors(image.Pixels, destination);
    }

    private void NormalizeColors(ReadOnlySpan<byte> pixels, Span<float> destination)
    {
        int plane = destination.Length / RgbImage.Channels;
        Span<float> red = destination[..plane], green = destination.Slice(plane, plane), blue = destination[(2 * plane)..];
        ReadOnlySpan<float> redTable = _table.AsSpan(0, Levels), greenTable = _table.AsSpan(Levels, Levels), blueTable = _table.AsSpan(2 * Levels, Levels);
        for (int i = 0, at = 0; i < red.Length; i++, at += RgbImage.Channels)
        {
            red[i] = redTable[pixels[at]];
            green[i] = greenTable[pixels[at + 1]];
            blue[i] = blueTable[pixels[at + 2]];
        }
    }

    private void NormalizeGray(ReadOnlySpan<byte> pixels, Span<float> destination)
    {
        for (int i = 0, at = 0; i < destination.Length; i++, at += RgbImage.Channels)
            destination[i] = _table[Luma.Of(pixels.Slice(at, RgbImage.Channels))];
    }
}

/// <summary>The augmentation of training images, in place of the evaluation transform. The same random stream gives the same pixels.</summary>
internal interface IAugmentation
{
    /// <summary>The divisor for the sides of a large JPEG while it is decoded; <paramref name="random"/> does not advance.</summary>
    int Reduction(int width, int height, RandomStream random);

    /// <summary>A random view of the image, at the network's size.</summary>
    RgbImage Apply(BandedImage image, RandomStream random);

    /// <summary>A random view of prepared pixels, [channels, height, width] to the same.</summary>
    void Apply(ReadOnlySpan<float> pixels, RandomStream random, Span<float> view);

    /// <summary>Erases rectangles of normalized pixels [channels, height, width].</summary>
    void Erase(Span<float> chw, RandomStream random);
}
