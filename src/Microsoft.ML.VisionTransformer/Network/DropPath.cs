// Stochastic depth: a residual branch is skipped for some images of a batch.
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
