// Fits the patch kernels of a color network to images of another number of channels.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

/// <summary>
/// What timm's <c>adapt_input_conv</c> does with kernels of red, green and blue. For one channel they are summed, which answers a grey image as the color
/// network answers it with three equal channels. For N channels they are repeated in turn, red again after blue, and multiplied by 3 / N, which keeps the size
/// of the sum.
/// </summary>
internal static class ChannelAdaptation
{
    private const int Colors = 3;

    /// <summary>Writes the kernels for another number of channels; those of the same shape are copied.</summary>
    /// <param name="stored">The kernels.</param>
    /// <param name="from">Their shape.</param>
    /// <param name="result">Room for the new kernels.</param>
    /// <param name="to">The new shape, of which only the channels may differ.</param>
    /// <param name="where">File and tensor, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The kernels are of another embedding dimension.</exception>
    /// <exception cref="NotSupportedException">The patch size differs, or the channels do and the stored ones are not three.</exception>
    internal static void Adapt(ReadOnlySpan<float> stored, PatchKernelShape from, Span<float> result, PatchKernelShape to, string where)
    {
        Guard.That(stored.Length == from.Count, nameof(stored), $"The kernels have {stored.Length} values, their shape says {from.Count}.");
        Guard.That(result.Length == to.Count, nameof(result), $"The new kernels have {to.Count} values, there is room for {result.Length}.");
        CheckShapes(from, to, where);
        if (from.Channels == to.Channels)
            stored.CopyTo(result);
        else if (to.Channels == 1)
            Sum(stored, result, from.Plane);
        else
            Repeat(stored, result, from.Plane, to.Channels);
    }

    private static void CheckShapes(PatchKernelShape from, PatchKernelShape to, string where)
    {
        if (from.Dimension != to.Dimension)
            throw new InvalidCheckpointException(
                $"{where} is {from}, the network needs {to}: it is another network's; leave the architecture null to take it from the file.");
        if (from.Patch != to.Patch)
            throw new NotSupportedException(
                $"{where} is {from}: its patches are of {from.Patch} pixels and the network's of {to.Patch}. "
                + "Kernels are not resized; set the patch size of the file.");
        if (from.Channels != to.Channels && from.Channels != Colors)
            throw new NotSupportedException(
                $"{where} is {from}: it takes {from.Channels} channel(s) and the network {to.Channels}. Only kernels of red, green and blue are fitted "
                + $"to other channels, as nothing says what those of this file stand for; give it images of {from.Channels} channel(s).");
    }

    private static void Sum(ReadOnlySpan<float> stored, Span<float> result, int plane)
    {
        for (int i = 0; i < result.Length; i++)
        {
            int red = (i / plane * Colors * plane) + (i % plane);
            result[i] = stored[red] + stored[red + plane] + stored[red + (2 * plane)];
        }
    }

    private static void Repeat(ReadOnlySpan<float> stored, Span<float> result, int plane, int channels)
    {
        float scale = (float)((double)Colors / channels);
        for (int i = 0; i < result.Length; i++)
        {
            int kernel = i / (plane * channels), channel = i / plane % channels;
            result[i] = stored[(((kernel * Colors) + (channel % Colors)) * plane) + (i % plane)] * scale;
        }
    }
}

/// <summary>The sizes of the kernels that turn patches into tokens. Kernels [D, C, kernel height, kernel width], row-major.</summary>
/// <param name="Dimension">D, the number of kernels.</param>
/// <param name="Channels">C, those of the image.</param>
/// <param name="Patch">Height and width in pixels.</param>
internal readonly record struct PatchKernelShape(int Dimension, int Channels, ImageDimensions Patch)
{
    /// <summary>Number of values of one channel of one kernel.</summary>
    internal int Plane => checked(Patch.Height * Patch.Width);

    /// <summary>Number of values.</summary>
    internal int Count => checked(Dimension * Channels * Plane);

    /// <summary>"[192, 3, 16, 16]".</summary>
    public override string ToString() => FormattableString.Invariant($"[{Dimension}, {Channels}, {Patch.Height}, {Patch.Width}]");
}
