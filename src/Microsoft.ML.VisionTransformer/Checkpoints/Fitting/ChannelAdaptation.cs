// Adapts patch kernels of an RGB network to another number of image channels.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

/// <summary>
/// Same as timm's <c>adapt_input_conv</c>. For one channel the RGB kernels are summed: a grayscale image then gives the same result as in the RGB network
/// with three equal channels. For N channels the kernels are repeated cyclically (red again after blue) and multiplied by 3 / N, which preserves the
/// magnitude of the sum.
/// </summary>
internal static class ChannelAdaptation
{
    private const int Colors = 3;

    /// <summary>Writes the kernels for another number of channels; kernels with the same number are copied.</summary>
    /// <param name="stored">The stored kernels.</param>
    /// <param name="from">Their shape.</param>
    /// <param name="result">Receives the new kernels.</param>
    /// <param name="to">The new shape; only the channels may differ.</param>
    /// <param name="where">File and tensor, for error messages.</param>
    /// <exception cref="InvalidCheckpointException">The embedding dimension differs.</exception>
    /// <exception cref="NotSupportedException">The patch size differs, or the channels differ and the stored kernels are not RGB.</exception>
    internal static void Adapt(ReadOnlySpan<float> stored, PatchKernelShape from, Span<float> result, PatchKernelShape to, string where)
    {
        Guard.That(stored.Length == from.Count, nameof(stored), $"The kernels have {stored.Length} values, but their shape requires {from.Count}.");
        Guard.That(result.Length == to.Count, nameof(result), $"The new kernels have {to.Count} values, but the span has {result.Length}.");
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
                $"{where} is {from}, but the network needs {to}: the file belongs to another network; leave the architecture null to read it from the file.");
        if (from.Patch != to.Patch)
            throw new NotSupportedException(
                $"{where} is {from}: its patches are {from.Patch} pixels and the network's are {to.Patch}. "
                + "Kernels are not resized; use the file's patch size.");
        if (from.Channels != to.Channels && from.Channels != Colors)
            throw new NotSupportedException(
                $"{where} is {from}: its number of channels is {from.Channels}, but the network's is {to.Channels}. Only RGB kernels can be adapted "
                + $"to other channels, because the meaning of other channels is not known; use images with {from.Channels} {(from.Channels == 1 ? "channel" : "channels")}.");
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

/// <summary>The shape of the patch embedding's kernels, [D, C, kernel height, kernel width], row-major.</summary>
/// <param name="Dimension">D, the number of kernels.</param>
/// <param name="Channels">C, the number of image channels.</param>
/// <param name="Patch">Kernel height and width in pixels.</param>
internal readonly record struct PatchKernelShape(int Dimension, int Channels, ImageDimensions Patch)
{
    /// <summary>Number of values in one channel of one kernel.</summary>
    internal int Plane => checked(Patch.Height * Patch.Width);

    /// <summary>Number of values.</summary>
    internal int Count => checked(Dimension * Channels * Plane);

    /// <summary>Text such as "[192, 3, 16, 16]".</summary>
    public override string ToString() => FormattableString.Invariant($"[{Dimension}, {Channels}, {Patch.Height}, {Patch.Width}]");
}
