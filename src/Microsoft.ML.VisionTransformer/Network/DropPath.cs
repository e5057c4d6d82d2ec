// Stochastic depth and dropout, with masks drawn from a seeded random stream.
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
    /// <summary>[N, T, D] to [N, T, D]. Returns <paramref name="x"/> itself, not a copy, if nothing can be dropped.</summary>
    internal Tensor Apply(Tensor x, bool training)
    {
        if (!training || rate == 0)
            return x;
        using var mask = noise.Mask([x.size(0), 1, 1], rate, x);
        return x.mul(mask);
    }

    /// <summary>The rate of a block: linear from 0 at the first block to <paramref name="last"/> at the last; a single block is never dropped.</summary>
    internal static double RateOf(int block, int depth, double last) => block == 0 ? 0 : last * block / (depth - 1);
}

/// <summary>Sets each value to 0 with probability <paramref name="rate"/> and scales the others by 1 / (1 - rate) (arXiv:1207.0580), in training.</summary>
internal sealed class SeededDropout(double rate, NoiseSource noise)
{
    /// <summary>Any shape to the same shape. Returns <paramref name="x"/> itself, not a copy, if nothing can be dropped.</summary>
    internal Tensor Apply(Tensor x, bool training)
    {
        if (!training || rate == 0)
            return x;
        using var mask = noise.Mask(x.shape, rate, x);
        return x.mul(mask);
    }
}

/// <summary>
/// Draws masks in .NET, so training with dropout is reproducible for a seed on any device, regardless of torch's global generator. The mask of an image
/// depends on its row, not on its position in the batch. Only one forward pass at a time may draw.
/// </summary>
internal sealed class NoiseSource(RandomStream stream)
{
    /// <summary>Values per random stream. Large masks are drawn by several threads; the result does not depend on their number.</summary>
    private const int ChunkLength = 1 << 16;

    /// <summary>The stream that the next masks are drawn from.</summary>
    internal RandomStream Stream { get; set; } = stream;

    /// <summary>Row ids of the next batch, one per image; null uses the positions in the batch.</summary>
    internal long[]? Rows { get; set; }

    /// <summary>
    /// A mask of the given shape, images first: 0 with probability <paramref name="rate"/>, otherwise 1 / (1 - rate), so its mean is 1. It has the device and
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
        // Stochastic depth draws one value per image; threads would cost more than they save.
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
