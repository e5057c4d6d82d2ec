// The random stream that all dropout masks of one network draw from.
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// Draws masks on the .NET side, so that training with dropout repeats exactly for a seed, on any device and whatever else the process does
/// with torch's global generator. One forward at a time may draw.
/// </summary>
internal sealed class NoiseSource(RandomStream stream)
{
    /// <summary>Values drawn by one random stream; large masks are drawn by several threads, and the result does not depend on how many.</summary>
    private const int ChunkLength = 1 << 16;

    /// <summary>The stream that the following masks draw from.</summary>
    internal RandomStream Stream { get; set; } = stream;

    /// <summary>
    /// A mask of that shape: 0 with probability <paramref name="rate"/>, else 1 / (1 - rate), so that the mean stays 1; on the device and with
    /// the type of <paramref name="like"/>.
    /// </summary>
    internal Tensor Mask(ReadOnlySpan<long> shape, double rate, Tensor like)
    {
        using var kept = empty(shape, dtype: ScalarType.Bool, device: CPU);
        long seed = (long)Stream.NextBits();
        int length = checked((int)kept.numel());
        Parallel.For(0, (length + ChunkLength - 1) / ChunkLength, chunk =>
        {
            var values = MemoryMarshal.Cast<byte, bool>(kept.bytes);
            int start = chunk * ChunkLength;
            Draw(values.Slice(start, Math.Min(ChunkLength, length - start)), rate, RandomStream.For(seed, chunk));
        });
        var mask = kept.to(like.dtype, like.device);
        return mask.TimesInPlace(1 / (1 - rate));
    }

    private static void Draw(Span<bool> kept, double rate, RandomStream stream)
    {
        foreach (ref bool value in kept)
            value = stream.NextDouble() >= rate;
    }
}
