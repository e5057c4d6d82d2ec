// From a picture to one row of the network's input: the one way that training and prediction share.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Immutable and thread-safe: one instance serves all threads that load images.</summary>
internal sealed class ImageToInput
{
    private readonly ImagePreprocessor _preprocessor;
    private readonly TrainingAugmentation _augmentation;
    private readonly ImageDecoding _decoding;

    /// <summary>Without an augmentation of its own, training uses timm's default.</summary>
    internal ImageToInput(ImagePreprocessing settings, TrainingAugmentation? augmentation = null)
    {
        _preprocessor = new ImagePreprocessor(settings);
        _augmentation = augmentation ?? new TrainingAugmentation(settings);
        _decoding = new ImageDecoding { MaxPixels = settings.MaxPixels, AllowTruncated = settings.AllowTruncated };
    }

    /// <summary>Numbers of one input: channels x height x width.</summary>
    internal int Length => _preprocessor.InputLength;

    /// <summary>How files are to be decoded for <see cref="ForPrediction"/>, or, with the random numbers of a row and epoch, for training.</summary>
    internal ImageDecoding Decoding(RandomStream? random)
    {
        if (!_preprocessor.Settings.ScaledDecoding)
            return _decoding;
        return _decoding with { Reduction = random is null ? _preprocessor.Reduction : (width, height) => _augmentation.Reduction(width, height, random) };
    }

    /// <summary>The picture as evaluation sees it, to [channels, height, width].</summary>
    internal void ForPrediction(RgbImage image, Span<float> chw) => _preprocessor.Normalize(_preprocessor.Fit(image), chw);

    /// <summary>A random view of the picture, to [channels, height, width]; <paramref name="random"/> belongs to this row and epoch.</summary>
    internal void ForTraining(RgbImage image, RandomStream random, Span<float> chw)
    {
        _preprocessor.Normalize(_augmentation.Apply(image, random), chw);
        _augmentation.Erase(chw, random);
    }

    /// <summary>A random view of pixels that the user prepared, [channels, height, width] to the same: at most flipped and erased.</summary>
    internal void ForTraining(ReadOnlySpan<float> pixels, RandomStream random, Span<float> chw)
    {
        _augmentation.Apply(pixels, random, chw);
        _augmentation.Erase(chw, random);
    }
}
