// The training augmentations of one image, and the random resized crop that they start with.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Images.Resampling;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// Random crop at the network's size with the preprocessing's kernel, flips, a policy and color jitter; after normalization, random erasing.
/// All randomness comes from the stream that is passed in: the same stream gives the same pixels. Immutable and thread-safe.
/// </summary>
internal sealed class AugmentationPipeline : IAugmentation
{
    private readonly ImagePreprocessing _settings;
    private readonly TrainingAugmentations _augmentations;
    private readonly ResizePlan _wholeImage;
    private readonly RandomResizedCrop _crop;
    private readonly Func<RgbImage, RandomStream, RgbImage>? _policy;
    private readonly ColorJitter _jitter;
    private readonly RandomErasing _erasing;

    /// <summary>Creates augmentations whose output has the size in <paramref name="settings"/>.</summary>
    /// <param name="settings">Size, kernel, and the mean color, which fills the pixels that a warp leaves empty.</param>
    /// <param name="augmentations">The augmentations. Default null: crop and flip with timm's defaults.</param>
    internal AugmentationPipeline(ImagePreprocessing settings, TrainingAugmentations? augmentations = null)
    {
        settings.Check();
        _settings = settings;
        _augmentations = (augmentations ?? new()).Check();
        _wholeImage = new ResizePlan(settings);
        _crop = new RandomResizedCrop(_augmentations.CropMinimumArea, _augmentations.CropMaximumArea, _augmentations.CropMinimumRatio);
        _policy = PolicyOf(_augmentations, settings);
        _jitter = new ColorJitter(_augmentations);
        _erasing = new RandomErasing(_augmentations);
    }

    /// <summary>
    /// The divisor for the sides of a large JPEG while it is decoded. It depends on the crop that <see cref="Apply(BandedImage, RandomStream)"/> draws
    /// first from the same stream; the stream itself does not advance.
    /// </summary>
    public int Reduction(int width, int height, RandomStream random)
    {
        if (!_augmentations.RandomCrop)
            return _wholeImage.Reduction(width, height);
        var area = _crop.Draw(width, height, random.Copy());
        return ImageReduction.Of(area.Width, area.Height, _settings.Size.Width, _settings.Size.Height);
    }

    /// <summary>A random view of the image, at the network's size.</summary>
    public RgbImage Apply(BandedImage image, RandomStream random)
    {
        var area = _augmentations.RandomCrop ? image.Locate(_crop.Draw(image.OriginalWidth, image.OriginalHeight, random)) : image.Area;
        var (mirrored, upsideDown) = DrawFlips(random);
        var view = _augmentations.RandomCrop ? Resize(image, area) : _wholeImage.Apply(image);
        if (mirrored)
            view = Flip.LeftRight(view);
        if (upsideDown)
            view = Flip.UpsideDown(view);
        if (_policy is not null)
            view = _policy(view, random);
        return _jitter.ChangesNothing ? view : _jitter.Apply(view, random);
    }

    /// <summary>A random view of prepared pixels [channels, height, width]: random flips only.</summary>
    public void Apply(ReadOnlySpan<float> pixels, RandomStream random, Span<float> view)
    {
        pixels.CopyTo(view);
        var (mirrored, upsideDown) = DrawFlips(random);
        var (height, width) = (_settings.Size.Height, _settings.Size.Width);
        // Reversing all pixels of a channel flips both directions; reversing each row then restores left and right.
        if (upsideDown)
        {
            for (int plane = 0; plane < view.Length; plane += height * width)
                view.Slice(plane, height * width).Reverse();
        }

        if (mirrored != upsideDown)
        {
            for (int row = 0; row < view.Length; row += width)
                view.Slice(row, width).Reverse();
        }
    }

    /// <summary>Erases rectangles of normalized pixels [channels, height, width].</summary>
    public void Erase(Span<float> chw, RandomStream random) => _erasing.Apply(chw, _settings.Size.Height, _settings.Size.Width, random);

    private (bool Mirrored, bool UpsideDown) DrawFlips(RandomStream random) =>
        (random.NextDouble() < _augmentations.HorizontalFlipProbability,
            _augmentations.VerticalFlipProbability > 0 && random.NextDouble() < _augmentations.VerticalFlipProbability);

    private RgbImage Resize(BandedImage image, PixelArea area) => ImageResampler.Resize(
        image, area, ResizedSide.Whole(_settings.Size.Width), ResizedSide.Whole(_settings.Size.Height), _settings.Interpolation);

    private static Func<RgbImage, RandomStream, RgbImage>? PolicyOf(TrainingAugmentations augmentations, ImagePreprocessing settings) =>
        augmentations.Policy switch
        {
            AugmentationPolicy.RandAugment => new RandAugment(augmentations, settings).Apply,
            AugmentationPolicy.TrivialAugmentWide => TrivialAugmentWide.Apply,
            AugmentationPolicy.ThreeAugment => ThreeAugment.Apply,
            _ => null,
        };
}

/// <summary>
/// The training crop: a random part of the image with a random aspect ratio.
/// "Inception crop" (arXiv:1409.4842, section 6) as timm's <c>RandomResizedCropAndInterpolation</c>: a fraction of the area, uniform between the
/// bounds, and an aspect ratio, log-uniform between 3/4 and 4/3 or the configured bounds. After ten draws that do not fit, the largest center crop
/// within the ratios.
/// </summary>
internal sealed class RandomResizedCrop
{
    private const int MaxAttempts = 10;

    private readonly double _minimumArea;
    private readonly double _maximumArea;
    private readonly double _minimumRatio;
    private readonly double _maximumRatio;

    /// <summary>
    /// Bounds of the fraction of the image's area, 0 &lt; minimum &lt;= maximum &lt;= 1, and the minimum ratio of width to height, in (0, 1]; the
    /// maximum ratio is its inverse. Defaults are timm's.
    /// </summary>
    internal RandomResizedCrop(double minimumArea = 0.08, double maximumArea = 1, double minimumRatio = 3.0 / 4)
    {
        _minimumArea = Guard.Above(minimumArea, 0);
        _maximumArea = Guard.AtLeast(maximumArea, minimumArea);
        if (maximumArea > 1)
            throw new ArgumentOutOfRangeException(nameof(maximumArea), maximumArea, "A crop cannot be larger than the image; use at most 1.");
        _minimumRatio = Guard.Above(minimumRatio, 0);
        _maximumRatio = 1 / minimumRatio;
    }

    /// <summary>Draws the part of an image of <paramref name="width"/> x <paramref name="height"/> pixels to keep.</summary>
    internal PixelArea Draw(int width, int height, RandomStream random)
    {
        for (int i = 0; i < MaxAttempts; i++)
        {
            double area = (double)width * height * random.NextDouble(_minimumArea, _maximumArea);
            double ratio = Math.Exp(random.NextDouble(Math.Log(_minimumRatio), Math.Log(_maximumRatio)));
            double w = Math.Round(Math.Sqrt(area * ratio)), h = Math.Round(Math.Sqrt(area / ratio));
            if (w >= 1 && h >= 1 && w <= width && h <= height)
                return new PixelArea(random.NextInt(width - (int)w + 1), random.NextInt(height - (int)h + 1), (int)w, (int)h);
        }

        return CenterCrop(width, height);
    }

    private PixelArea CenterCrop(int width, int height)
    {
        double ratio = (double)width / height;
        int w = ratio > _maximumRatio ? (int)Math.Round(height * _maximumRatio) : width;
        int h = ratio < _minimumRatio ? (int)Math.Round(width / _minimumRatio) : height;
        return new PixelArea((width - w) / 2, (height - h) / 2, w, h);
    }
}
