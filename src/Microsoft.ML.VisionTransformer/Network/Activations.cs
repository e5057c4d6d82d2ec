// The activations of the MLP.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// The constants of GELU's approximations, which the network, the vector code and the ONNX writer share ("Gaussian Error Linear Units", arXiv:1606.08415, section 2).
/// </summary>
internal static class GeluConstants
{
    /// <summary>The factor of x^3 in x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).</summary>
    internal const double Cubic = 0.044715;

    /// <summary>sqrt(2 / pi), the slope of the tanh there.</summary>
    internal const double TanhSlope = 0.7978845608028654;

    /// <summary>The slope in x sigmoid(1.702 x).</summary>
    internal const double QuickSlope = 1.702;
}

/// <summary>The activations as torch computes them.</summary>
internal static class Activations
{
    /// <summary>The activation's value; <paramref name="x"/> may be overwritten where no gradient is recorded, and is not to be used again.</summary>
    internal static Tensor Apply(this MlpActivation activation, Tensor x) => activation switch
    {
        MlpActivation.GeluTanh => GeluTanh(x),
        MlpActivation.QuickGelu => x.mul(x.Times(GeluConstants.QuickSlope).sigmoid()),
        // The block's largest tensor is overwritten and not copied: new memory costs page faults.
        _ => is_grad_enabled() ? x.gelu() : x.gelu_(),
    };

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (arXiv:1606.08415, section 2).</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        var inner = x.mul(x).mul(x).TimesInPlace(GeluConstants.Cubic).PlusInPlace(x).TimesInPlace(GeluConstants.TanhSlope);
        return inner.tanh().Times(0.5).PlusInPlace(0.5).mul(x);
    }
}
