// Stochastic depth, dropout, and the noise source that all masks of a network draw from.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Sets all of an image's values to 0 with probability <paramref name="rate"/> and scales the other images by 1 / (1 - rate)
/// (arXiv:1603.09382), in training.
/// </summary>
internal sealed class DropPath(double rate, NoiseSource noise)
{
    /// <summary>[N, T, D] to [N, T, D]. Gives <paramref name="x"/> itself, not a copy, where nothing is to be dropped.</summary>
    internal Tensor Apply(Tensor x, bool training)
    {
        if (!training || rate == 0)
            return x;
        using var mask = noise.Mask([x.size(0), 1, 1], rate, x);
        return x.mul(mask);
    }

    /// <summary>Rate of a block: linear from 0 at the first block to <paramref name="last"/> at the last; a single block is never dropped.</summary>
    internal static double RateOf(int block, int depth, double last) => block == 0 ? 0 : last * block / (depth - 1);
}

/// <summary>Sets each value to 0 with probability <paramref name="rate"/> and scales the others by 1 / (1 - rate) (arXiv:1207.0580), in training.</summary>
internal sealed class SeededDropout(double rate, NoiseSource noise)
{
    /// <summary>Any shape to the same shape. Gives <paramref name="x"/> itself, not a copy, where nothing is to be dropped.</summary>
    internal Tensor Apply(Tensor x, bool training)
    {
        if (!training || rate == 0)
            return x;
        using var mask = noise.Mask(x.shape, rate, x);
        return x.mul(mask);
    }
}

/// <summary>
/// Draws masks on the .NET side, so that training with dropout repeats exactly for a seed, on any device and whatever else the process does
/// with torch's global generator. What an image draws belongs to its row and not to its place in a batch. One forward at a time may draw.
/// </summary>
internal sealed class NoiseSource(RandomStream stream)
{
    /// <summary>Values drawn by one random stream; large masks are drawn by several threads, and the result does not depend on how many.</summary>
    private const int ChunkLength = 1 << 16;

    /// <summary>The stream that the following masks draw from.</summary>
    internal RandomStream Stream { get; set; } = stream;

    /// <summary>Names of the rows of the next batch, one an image; null names them by their places.</summary>
    internal long[]? Rows { get; set; }

    /// <summary>
    /// A mask of that shape, images first: 0 with probability <paramref name="rate"/>, else 1 / (1 - rate), so that the mean stays 1; on the device and with
    /// the type of <paramref name="like"/>.
    /// </summary>
    internal Tensor Mask(ReadOnlySpan<long> shape, double rate, Tensor like)
    {
        using var kept = empty(shape, dtype: ScalarType.Bool, device: CPU);
        long seed = (long)Stream.NextBits();
        int images = (int)shape[0], length = checked((int)kept.numel()) / Math.Max(images, 1), chunks = (length + ChunkLength - 1) / ChunkLength;
        Action<int> draw = part =>
        {
            var (image, chunk) = Math.DivRem(part, chunks);
            int start = chunk * ChunkLength;
            var values = MemoryMarshal.Cast<byte, bool>(kept.bytes).Slice(image * length + start, Math.Min(ChunkLength, length - start));
            Draw(values, rate, RandomStream.For(seed, Rows is null ? image : Rows[image], chunk));
        };
        // Stochastic depth draws one number an image, for which threads cost more than they save.
        if (images * (long)length < ChunkLength)
        {
            for (int part = 0; part < images * chunks; part++)
                draw(part);
        }
        else
        {
            Parallel.For(0, images * chunks, draw);
        }

        var mask = kept.to(like.dtype, like.device);
        return mask.TimesInPlace(1 / (1 - rate));
    }

    private static void Draw(Span<bool> kept, double rate, RandomStream stream)
    {
        foreach (ref bool value in kept)
            value = stream.NextDouble() >= rate;
    }
}
