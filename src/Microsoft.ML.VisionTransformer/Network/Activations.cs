// The activations of the MLP.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

internal static class Activations
{
    private const double Cubic = 0.044715, QuickSlope = 1.702;

    private static readonly double _tanhSlope = Math.Sqrt(2 / Math.PI);

    /// <summary>The activation's value; <paramref name="x"/> may be overwritten where no gradient is recorded, and is not to be used again.</summary>
    internal static Tensor Apply(this MlpActivation activation, Tensor x) => activation switch
    {
        MlpActivation.GeluTanh => GeluTanh(x),
        MlpActivation.QuickGelu => x.mul(x.Times(QuickSlope).sigmoid()),
        // The block's largest tensor is overwritten and not copied: new memory costs page faults.
        _ => is_grad_enabled() ? x.gelu() : x.gelu_(),
    };

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (arXiv:1606.08415, section 2).</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        var inner = x.mul(x).mul(x).TimesInPlace(Cubic).PlusInPlace(x).TimesInPlace(_tanhSlope);
        return inner.tanh().Times(0.5).PlusInPlace(0.5).mul(x);
    }
}
