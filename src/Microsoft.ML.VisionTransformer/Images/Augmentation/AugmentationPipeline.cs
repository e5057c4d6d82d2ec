// What training does to an image in place of the evaluation's resize, and to its normalized pixels.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Images.Resampling;

namespace Microsoft.ML.VisionTransformer.Images.Augmentation;

/// <summary>
/// Random crop at the network's size with the preprocessing's kernel, flips, a policy and color jitter; after normalization, erasing. All
/// chance comes from the stream that is passed in: the same stream gives the same pixels. Immutable and thread-safe.
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

    /// <summary>Augmentation towards the size in <paramref name="settings"/>.</summary>
    /// <param name="settings">Size, kernel, and the mean color, which fills what a warp leaves empty.</param>
    /// <param name="augmentations">What is done. Default null: crop and flip as timm does by default.</param>
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
    /// By what the sides of a large JPEG may be divided while it is decoded: by what the crop allows that <see cref="Apply(RgbImage, RandomStream)"/> will
    /// draw first from the same stream, which stays as it is.
    /// </summary>
    public int Reduction(int width, int height, RandomStream random)
    {
        if (!_augmentations.RandomCrop)
            return _wholeImage.Reduction(width, height);
        var area = _crop.Draw(width, height, random.Copy());
        return ImageReduction.Of(area.Width, area.Height, _settings.Size.Width, _settings.Size.Height);
    }

    /// <summary>A random view of the image, at the network's size.</summary>
    public RgbImage Apply(RgbImage image, RandomStream random)
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

    /// <summary>A random view of prepared pixels [channels, height, width]: flipped or not, and nothing else.</summary>
    public void Apply(ReadOnlySpan<float> pixels, RandomStream random, Span<float> view)
    {
        pixels.CopyTo(view);
        var (mirrored, upsideDown) = DrawFlips(random);
        var (height, width) = (_settings.Size.Height, _settings.Size.Width);
        // Upside down is all pixels of a channel in reverse order, each row mirrored back.
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

    private RgbImage Resize(RgbImage image, PixelArea area) => ImageResampler.Resize(
        image, area, ResizedSide.Whole(_settings.Size.Width), ResizedSide.Whole(_settings.Size.Height), _settings.Interpolation);

    private static Func<RgbImage, RandomStream, RgbImage>? PolicyOf(TrainingAugmentations augmentations, ImagePreprocessing settings) => augmentations.Policy switch
    {
        AugmentationPolicy.RandAugment => new RandAugment(augmentations, settings).Apply,
        AugmentationPolicy.TrivialAugmentWide => TrivialAugmentWide.Apply,
        AugmentationPolicy.ThreeAugment => ThreeAugment.Apply,
        _ => null,
    };
}

/// <summary>
/// The training crop: a random part of the image, in a random aspect ratio.
/// "Inception crop" (arXiv:1409.4842, section 6) as timm's <c>RandomResizedCropAndInterpolation</c>: a share of the area, uniform between the
/// bounds, and an aspect ratio, log-uniform between 3/4 and 4/3 or what is set; after ten that do not fit, the largest middle part within the ratios.
/// </summary>
internal sealed class RandomResizedCrop
{
    private const int Tries = 10;

    private readonly double _leastArea;
    private readonly double _mostArea;
    private readonly double _leastRatio;
    private readonly double _mostRatio;

    /// <summary>
    /// Bounds of the share of the image's area, 0 &lt; least &lt;= most &lt;= 1, and the least ratio of width to height, in (0, 1], whose inverse is
    /// the greatest. Defaults are timm's.
    /// </summary>
    internal RandomResizedCrop(double leastArea = 0.08, double mostArea = 1, double leastRatio = 3.0 / 4)
    {
        _leastArea = Guard.Above(leastArea, 0);
        _mostArea = Guard.AtLeast(mostArea, leastArea);
        if (mostArea > 1)
            throw new ArgumentOutOfRangeException(nameof(mostArea), mostArea, "A crop cannot be larger than the image: give at most 1.");
        _leastRatio = Guard.Above(leastRatio, 0);
        _mostRatio = 1 / leastRatio;
    }

    /// <summary>Draws the part of an image of <paramref name="width"/> x <paramref name="height"/> pixels to keep.</summary>
    internal PixelArea Draw(int width, int height, RandomStream random)
    {
        for (int i = 0; i < Tries; i++)
        {
            double area = (double)width * height * random.NextDouble(_leastArea, _mostArea);
            double ratio = Math.Exp(random.NextDouble(Math.Log(_leastRatio), Math.Log(_mostRatio)));
            double w = Math.Round(Math.Sqrt(area * ratio)), h = Math.Round(Math.Sqrt(area / ratio));
            if (w >= 1 && h >= 1 && w <= width && h <= height)
                return new PixelArea(random.NextInt(width - (int)w + 1), random.NextInt(height - (int)h + 1), (int)w, (int)h);
        }

        return Middle(width, height);
    }

    private PixelArea Middle(int width, int height)
    {
        double ratio = (double)width / height;
        int w = ratio > _mostRatio ? (int)Math.Round(height * _mostRatio) : width;
        int h = ratio < _leastRatio ? (int)Math.Round(width / _leastRatio) : height;
        return new PixelArea((width - w) / 2, (height - h) / 2, w, h);
    }
}
