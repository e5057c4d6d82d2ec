// Dropout of single values.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

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
