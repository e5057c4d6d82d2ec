// What training does to a picture in place of the evaluation's resize, and to its normalised pixels.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// Random crop at the network's size with the preprocessing's kernel, flips, a policy and colour jitter; after normalisation, erasing. All
/// chance comes from the stream that is passed in: the same stream gives the same pixels. Immutable and thread-safe.
/// </summary>
internal sealed class TrainingAugmentation
{
    private readonly ImagePreprocessing _settings;
    private readonly TrainingAugmentations _augmentations;
    private readonly ResizePlan _wholePicture;
    private readonly RandomResizedCrop _crop;
    private readonly Func<RgbImage, RandomStream, RgbImage>? _policy;
    private readonly ColourJitter _jitter;
    private readonly RandomErasing _erasing;

    /// <summary>Augmentation towards the size in <paramref name="settings"/>.</summary>
    /// <param name="settings">Size, kernel, and the mean colour, which fills what a warp leaves empty.</param>
    /// <param name="augmentations">What is done. Default null: crop and flip as timm does by default.</param>
    internal TrainingAugmentation(ImagePreprocessing settings, TrainingAugmentations? augmentations = null)
    {
        settings.Check();
        _settings = settings;
        _augmentations = (augmentations ?? new()).Check();
        _wholePicture = new ResizePlan(settings);
        _crop = new RandomResizedCrop(_augmentations.CropMinimumArea, _augmentations.CropMaximumArea, _augmentations.CropMinimumRatio);
        _policy = PolicyOf(_augmentations, settings);
        _jitter = new ColourJitter(_augmentations);
        _erasing = new RandomErasing(_augmentations);
    }

    /// <summary>
    /// By what the sides of a large JPEG may be divided while it is decoded: by what the crop allows that <see cref="Apply(RgbImage, RandomStream)"/> will
    /// draw first from the same stream, which stays as it is.
    /// </summary>
    internal int Reduction(int width, int height, RandomStream random)
    {
        if (!_augmentations.RandomCrop)
            return _wholePicture.Reduction(width, height);
        var area = _crop.Draw(width, height, random.Copy());
        return PictureReduction.Of(area.Width, area.Height, _settings.Size.Width, _settings.Size.Height);
    }

    /// <summary>A random view of the picture, at the network's size.</summary>
    internal RgbImage Apply(RgbImage image, RandomStream random)
    {
        var area = _augmentations.RandomCrop ? image.Locate(_crop.Draw(image.OriginalWidth, image.OriginalHeight, random)) : image.Area;
        var (mirrored, upsideDown) = DrawFlips(random);
        var view = _augmentations.RandomCrop ? Resize(image, area) : _wholePicture.Apply(image);
        if (mirrored)
            view = HorizontalFlip.Of(view);
        if (upsideDown)
            view = VerticalFlip.Of(view);
        if (_policy is not null)
            view = _policy(view, random);
        return _jitter.ChangesNothing ? view : _jitter.Apply(view, random);
    }

    /// <summary>A random view of prepared pixels [channels, height, width]: flipped or not, and nothing else.</summary>
    internal void Apply(ReadOnlySpan<float> pixels, RandomStream random, Span<float> view)
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

    /// <summary>Erases rectangles of normalised pixels [channels, height, width].</summary>
    internal void Erase(Span<float> chw, RandomStream random) => _erasing.Apply(chw, _settings.Size.Height, _settings.Size.Width, random);

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
