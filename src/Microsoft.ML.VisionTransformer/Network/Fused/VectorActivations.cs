// The exponential and the activations, eight numbers at a time.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Network;

internal static unsafe class VectorActivations
{
    private const float Cubic = 0.044715f, QuickSlope = 1.702f, TanhSlope = 0.7978845608f;

    /// <summary>
    /// e^x, within 2 units in the last place; 1.2e-38 below -87.3 and 3.4e38 above 88.7 instead of 0 and infinity; NaN stays NaN.
    /// </summary>
    /// <remarks>x = n ln 2 + r with r in [-ln 2 / 2, ln 2 / 2]; e^r by its Taylor series to the seventh power, 2^n by the exponent's bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Exp(Vector256<float> x)
    {
        // Max and Min of x86 give their second operand where one is NaN.
        x = Avx.Min(Vector256.Create(88.7f), Avx.Max(Vector256.Create(-87.3f), x));
        var n = Avx.RoundToNearestInteger(x * Vector256.Create(1.4426950408889634f));
        var r = Fma.MultiplyAddNegated(n, Vector256.Create(0.693359375f), x);
        r = Fma.MultiplyAddNegated(n, Vector256.Create(-2.12194440054690583e-4f), r);
        var p = Fma.MultiplyAdd(Vector256.Create(1f / 5040), r, Vector256.Create(1f / 720));
        p = Fma.MultiplyAdd(p, r, Vector256.Create(1f / 120));
        p = Fma.MultiplyAdd(p, r, Vector256.Create(1f / 24));
        p = Fma.MultiplyAdd(p, r, Vector256.Create(1f / 6));
        p = Fma.MultiplyAdd(p, r, Vector256.Create(0.5f));
        p = Fma.MultiplyAdd(p, r, Vector256<float>.One);
        p = Fma.MultiplyAdd(p, r, Vector256<float>.One);
        var power = Vector256.ShiftLeft(Avx.ConvertToVector256Int32(n) + Vector256.Create(127), 23).AsSingle();
        return p * power;
    }

    /// <summary>Overwrites rows of numbers with their activation.</summary>
    /// <param name="activation">Which.</param>
    /// <param name="x">The first row.</param>
    /// <param name="stride">Numbers from one row to the next.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">Numbers of a row; a multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Apply(MlpActivation activation, float* x, nint stride, int rows, int columns)
    {
        for (int row = 0; row < rows; row++, x += stride)
        {
            for (int i = 0; i < columns; i += 8)
            {
                var value = Vector256.Load(x + i);
                (activation switch
                {
                    MlpActivation.GeluTanh => Gated(value, Fma.MultiplyAdd(value * value * value, Vector256.Create(Cubic), value) * Vector256.Create(2 * TanhSlope)),
                    MlpActivation.QuickGelu => Gated(value, value * Vector256.Create(QuickSlope)),
                    _ => Gelu(value),
                }).Store(x + i);
            }
        }
    }

    /// <summary>g = silu(g) v of a row that holds g and v side by side (arXiv:2002.05202).</summary>
    /// <param name="both">The row, [2 columns].</param>
    /// <param name="columns">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SwiGlu(float* both, int columns)
    {
        for (int i = 0; i < columns; i += 8)
        {
            var g = Vector256.Load(both + i);
            (Gated(g, g) * Vector256.Load(both + columns + i)).Store(both + i);
        }
    }

    /// <summary>x times the logistic function of another number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Gated(Vector256<float> x, Vector256<float> of) => x / (Vector256<float>.One + Exp(-of));

    /// <summary>
    /// x Phi(x) = max(x, 0) - |x| / 2 erfc(|x| / sqrt 2), with erfc(z) = e^(-z^2) t (a1 + t (a2 + t (a3 + t (a4 + t a5)))), t = 1 / (1 + p z): formula 7.1.26 of Abramowitz and
    /// Stegun, "Handbook of Mathematical Functions" (1964), within 1.5e-7.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Gelu(Vector256<float> x)
    {
        var size = Vector256.Abs(x);
        var t = Vector256<float>.One / Fma.MultiplyAdd(size, Vector256.Create(0.3275911f * 0.70710678f), Vector256<float>.One);
        var p = Fma.MultiplyAdd(Vector256.Create(1.061405429f), t, Vector256.Create(-1.453152027f));
        p = Fma.MultiplyAdd(p, t, Vector256.Create(1.421413741f));
        p = Fma.MultiplyAdd(p, t, Vector256.Create(-0.284496736f));
        p = Fma.MultiplyAdd(p, t, Vector256.Create(0.254829592f));
        var erfc = p * t * Exp(size * size * Vector256.Create(-0.5f));
        return Fma.MultiplyAddNegated(size * Vector256.Create(0.5f), erfc, Avx.Max(Vector256<float>.Zero, x));
    }
}
