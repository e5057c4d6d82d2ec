// What training does to a picture in place of the evaluation's resize: a random crop and a random flip.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// Random resized crop at the network's size with the preprocessing's kernel, then a horizontal flip. All chance comes from the stream that
/// is passed in: the same stream gives the same pixels. Immutable and thread-safe.
/// </summary>
internal sealed class TrainingAugmentation
{
    private readonly ImagePreprocessing _settings;
    private readonly RandomResizedCrop _crop;
    private readonly double _flipProbability;

    /// <summary>Augmentation towards the size in <paramref name="settings"/>.</summary>
    /// <param name="settings">Size and kernel.</param>
    /// <param name="leastArea">Smallest share of the picture that a crop keeps, in (0, 1].</param>
    /// <param name="mostArea">Largest share, at most 1.</param>
    /// <param name="flipProbability">Chance of a flip, in [0, 1].</param>
    internal TrainingAugmentation(ImagePreprocessing settings, double leastArea = 0.08, double mostArea = 1, double flipProbability = 0.5)
    {
        settings.Check();
        _settings = settings;
        _crop = new RandomResizedCrop(leastArea, mostArea);
        _flipProbability = Guard.AtLeast(flipProbability, 0);
        if (flipProbability > 1)
            throw new ArgumentOutOfRangeException(nameof(flipProbability), flipProbability, "A probability is at most 1.");
    }

    /// <summary>
    /// By what the sides of a large JPEG may be divided while it is decoded: by what the crop allows that <see cref="Apply(RgbImage, RandomStream)"/> will
    /// draw first from the same stream, which stays as it is.
    /// </summary>
    internal int Reduction(int width, int height, RandomStream random)
    {
        var area = _crop.Draw(width, height, random.Copy());
        return PictureReduction.Of(area.Width, area.Height, _settings.Size.Width, _settings.Size.Height);
    }

    /// <summary>A random view of the picture, at the network's size.</summary>
    internal RgbImage Apply(RgbImage image, RandomStream random)
    {
        var area = image.Locate(_crop.Draw(image.OriginalWidth, image.OriginalHeight, random));
        bool flip = random.NextDouble() < _flipProbability;
        var (columns, rows) = (ResizedSide.Whole(_settings.Size.Width), ResizedSide.Whole(_settings.Size.Height));
        var view = ImageResampler.Resize(image, area, columns, rows, _settings.Interpolation);
        return flip ? HorizontalFlip.Of(view) : view;
    }

    /// <summary>A random view of prepared pixels [channels, height, width]: flipped or not, and never cropped.</summary>
    internal void Apply(ReadOnlySpan<float> pixels, RandomStream random, Span<float> view)
    {
        pixels.CopyTo(view);
        if (random.NextDouble() >= _flipProbability)
            return;
        int width = _settings.Size.Width;
        for (int row = 0; row < view.Length; row += width)
            view.Slice(row, width).Reverse();
    }
}
