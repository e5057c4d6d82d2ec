// Runs one damaged file: decodes it and converts it to network input, with settings that depend on the case number.
using System.Buffers;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>The expected outcomes of a case; an exception of any other type is a finding.</summary>
internal enum FuzzOutcome
{
    /// <summary>The file was converted to input.</summary>
    Decoded,

    /// <summary>The file was rejected with an <see cref="InvalidImageException"/>.</summary>
    Refused,
}

internal static class FuzzCase
{
    /// <summary>Cases whose number is a multiple of this run twice, the second time with different stale data in the buffers.</summary>
    private const int TwiceEvery = 8;

    private static readonly ImagePreprocessor[] _converters =
    [
        For(new ImagePreprocessing { Size = 32 }),
        For(new ImagePreprocessing { Size = 16, ScaledDecoding = true }),
        For(new ImagePreprocessing { Size = (24, 40), AllowTruncated = true, Resizing = ImageResizing.Pad }),
        For(new ImagePreprocessing { Size = 16, AllowTruncated = true, ScaledDecoding = true, Resizing = ImageResizing.Squash }),
    ];

    /// <exception cref="InvalidOperationException">The same bytes gave two results, or the input has a value that is not finite.</exception>
    internal static FuzzOutcome Run(byte[] file, int number)
    {
        var converter = _converters[number % _converters.Length];
        float[]? first = Convert(file, converter, number);
        if (number % TwiceEvery < _converters.Length)
        {
            Dirty(file.Length + number);
            float[]? second = Convert(file, converter, number);
            if (first is null != second is null || (first is not null && !first.AsSpan().SequenceEqual(second)))
                throw new InvalidOperationException("The same bytes gave two results.");
        }

        if (first is not null && !Array.TrueForAll(first, float.IsFinite))
            throw new InvalidOperationException("The input has a value that is not finite.");
        return first is null ? FuzzOutcome.Refused : FuzzOutcome.Decoded;
    }

    private static ImagePreprocessor For(ImagePreprocessing settings) => new(settings, new AugmentationPipeline(settings));

    /// <summary>The input, or null if the file is rejected.</summary>
    private static float[]? Convert(byte[] file, ImagePreprocessor converter, int number)
    {
        float[] input = new float[converter.Length];
        try
        {
            new EncodedImageSource(file, "case").Fill(converter, number % 3 == 0 ? RandomStream.For(number) : null, input);
            return input;
        }
        catch (InvalidImageException e) when (e.Message.Length is > 0 and < 1000)
        {
            return null;
        }
    }

    private static void Dirty(int value)
    {
        for (int size = 1024; size <= 1 << 20; size *= 2)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
            Array.Fill(buffer, (byte)value);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
