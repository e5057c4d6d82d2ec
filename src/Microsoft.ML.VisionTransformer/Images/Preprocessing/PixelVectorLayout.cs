// The memory layout of a pixel vector from ML.NET's ExtractPixels, and its conversion to [channels, height, width].
using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Images.Preprocessing;

/// <summary>
/// <c>ExtractPixels</c> gives [channels, height, width], or [height, width, channels] with <c>interleavePixelColors</c>; a vector without
/// dimensions is treated as the former.
/// </summary>
internal sealed class PixelVectorLayout
{
    private readonly int _channels;
    private readonly int _pixels;

    /// <exception cref="ArgumentException">The vector's size differs from the network's input.</exception>
    internal PixelVectorLayout(VectorDataViewType type, string column, ImagePreprocessing settings)
    {
        _channels = settings.Mean.Count;
        _pixels = settings.Size.Height * settings.Size.Width;
        int[] planar = [_channels, settings.Size.Height, settings.Size.Width], interleaved = [settings.Size.Height, settings.Size.Width, _channels];
        IsInterleaved = type.Dimensions.SequenceEqual(interleaved);
        if (!IsInterleaved && !type.Dimensions.SequenceEqual(planar) && !type.Dimensions.SequenceEqual([_channels * _pixels]))
        {
            throw new ArgumentException(
                $"The pixel column '{column}' has the dimensions [{Text(type.Dimensions)}]; "
                + $"the network's input is [{Text(planar)}] (channels, height, width). "
                + "Resize the images to the network's size with ResizeImages, or use a column of encoded images, which the trainer resizes.");
        }
    }

    /// <summary>Whether the vector is [height, width, channels].</summary>
    internal bool IsInterleaved { get; }

    /// <summary>Converts values from the column's order to the order [channels, height, width].</summary>
    internal float[] ToPlanar(ReadOnlySpan<float> values)
    {
        float[] planar = values.ToArray();
        if (IsInterleaved)
        {
            for (int pixel = 0; pixel < _pixels; pixel++)
            {
                for (int channel = 0; channel < _channels; channel++)
                    planar[channel * _pixels + pixel] = values[pixel * _channels + channel];
            }
        }

        return planar;
    }

    private static string Text(IEnumerable<int> sizes) => string.Join(", ", sizes.Select(s => s == 0 ? "?" : s.ToString(CultureInfo.InvariantCulture)));
}
