// Brings a picture to the network's size and its bytes to the network's numbers, as an ImagePreprocessing says.

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>timm's evaluation transform. Immutable and thread-safe.</summary>
internal sealed class ImagePreprocessor
{
    private const int Levels = 256;

    private readonly ResizePlan _plan;
    private readonly float[] _table;

    /// <summary>Checks the settings and prepares the tables.</summary>
    internal ImagePreprocessor(ImagePreprocessing settings)
    {
        settings.Check();
        Settings = settings;
        _plan = new ResizePlan(settings);
        _table = new float[settings.Mean.Count * Levels];
        for (int i = 0; i < _table.Length; i++)
            _table[i] = (i % Levels / 255f - settings.Mean[i / Levels]) / settings.StandardDeviation[i / Levels];
    }

    internal ImagePreprocessing Settings { get; }

    /// <summary>Channels of the network's input: 3, or 1 for grey.</summary>
    internal int Channels => Settings.Mean.Count;

    /// <summary>Numbers of one input: channels x height x width.</summary>
    internal int InputLength => Channels * Settings.Size.Height * Settings.Size.Width;

    /// <summary>By what a large JPEG's sides may be divided while it is decoded.</summary>
    internal int Reduction(int width, int height) => _plan.Reduction(width, height);

    /// <summary>Resizes and crops (or pads) to the network's size.</summary>
    internal RgbImage Fit(RgbImage image) => _plan.Apply(image);

    /// <summary>
    /// Pixels at the network's size to (value / 255 - mean) / deviation in float32, channel after channel: [channels, height, width]. Grey is
    /// Pillow's luma, ITU-R 601-2 in 16-bit fractions, taken after resizing.
    /// </summary>
    internal void Normalize(RgbImage image, Span<float> destination)
    {
        var size = Settings.Size;
        if (image.Width != size.Width || image.Height != size.Height)
            throw new ArgumentException($"The picture is {image.Height}x{image.Width}; the network's size is {size}: fit it first.", nameof(image));
        if (destination.Length != InputLength)
            throw new ArgumentException($"The destination has room for {destination.Length} numbers; {InputLength} are written.", nameof(destination));
        if (Channels == 1)
            NormalizeGrey(image.Pixels, destination);
        else
            NormalizeColours(image.Pixels, destination);
    }

    private void NormalizeColours(ReadOnlySpan<byte> pixels, Span<float> destination)
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

    private void NormalizeGrey(ReadOnlySpan<byte> pixels, Span<float> destination)
    {
        for (int i = 0, at = 0; i < destination.Length; i++, at += RgbImage.Channels)
            destination[i] = _table[Luma.Of(pixels.Slice(at, RgbImage.Channels))];
    }
}
