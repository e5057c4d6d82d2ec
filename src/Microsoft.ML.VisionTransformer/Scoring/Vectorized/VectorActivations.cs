// The exponential function and the MLP activations, vectorized.
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>The exponential function and the activations over vectors of the processor's width.</summary>
internal static unsafe class VectorActivations
{
    private const float Cubic = (float)GeluConstants.Cubic, QuickSlope = (float)GeluConstants.QuickSlope, TanhSlope = (float)GeluConstants.TanhSlope;

    /// <summary>
    /// e^x, within 2 units in the last place; 1.2e-38 below -87.3 and 3.4e38 above 88.7, instead of 0 and infinity; NaN for NaN.
    /// </summary>
    /// <remarks>
    /// x = n ln 2 + r with r in [-ln 2 / 2, ln 2 / 2]; e^r is computed by its Taylor series to the seventh power, 2^n through the exponent bits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Exp<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        x = T.Min(T.Of(88.7f), T.Max(T.Of(-87.3f), x));
        var n = T.Round(x * T.Of(1.4426950408889634f));
        var r = T.MultiplySubtract(n, T.Of(0.693359375f), x);
        r = T.MultiplySubtract(n, T.Of(-2.12194440054690583e-4f), r);
        var p = T.MultiplyAdd(T.Of(1f / 5040), r, T.Of(1f / 720));
        p = T.MultiplyAdd(p, r, T.Of(1f / 120));
        p = T.MultiplyAdd(p, r, T.Of(1f / 24));
        p = T.MultiplyAdd(p, r, T.Of(1f / 6));
        p = T.MultiplyAdd(p, r, T.Of(0.5f));
        p = T.MultiplyAdd(p, r, T.Of(1));
        p = T.MultiplyAdd(p, r, T.Of(1));
        return p * T.PowerOfTwo(n);
    }

    /// <summary>Applies an activation to rows in place.</summary>
    /// <param name="activation">The activation.</param>
    /// <param name="x">The first row.</param>
    /// <param name="stride">Offset, in values, from one row to the next.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Values per row; a multiple of 16.</param>
    internal static void Apply(MlpActivation activation, float* x, nint stride, int rows, int columns)
    {
        if (Lanes16.IsSupported)
            Apply<Lanes16>(activation, x, stride, rows, columns);
        else if (Lanes8.IsSupported)
            Apply<Lanes8>(activation, x, stride, rows, columns);
        else
            Apply<Lanes4>(activation, x, stride, rows, columns);
    }

    /// <summary>
    /// As <see cref="Apply(MlpActivation, float*, nint, int, int)"/>, for values that are quantized to bytes next: GELU is within 2e-4 plus 1e-4 |x|, in a third of the time.
    /// </summary>
    internal static void ApplyRoughly(MlpActivation activation, float* x, nint stride, int rows, int columns)
    {
        if (activation != MlpActivation.Gelu)
            Apply(activation, x, stride, rows, columns);
        else if (Lanes16.IsSupported)
            RoughGelu<Lanes16>(x, stride, rows, columns);
        else if (Lanes8.IsSupported)
            RoughGelu<Lanes8>(x, stride, rows, columns);
        else
            RoughGelu<Lanes4>(x, stride, rows, columns);
    }

    /// <summary>
    /// x (1/2 + c Q(c^2)) with c = x limited to [-4, 4], where Q is the polynomial of degree 6 with the smallest largest error of x c Q(c^2), found by weighted least
    /// squares.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RoughGelu<T>(float* x, nint stride, int rows, int columns)
        where T : unmanaged, ILanes<T>
    {
        for (int row = 0; row < rows; row++, x += stride)
        {
            for (int i = 0; i < columns; i += T.Count)
            {
                var value = T.Load(x + i);
                var limited = T.Min(T.Of(4), T.Max(T.Of(-4), value));
                var square = limited * limited;
                var p = T.MultiplyAdd(T.Of(2.27812173e-8f), square, T.Of(-1.59859019e-6f));
                p = T.MultiplyAdd(p, square, T.Of(4.79552632e-5f));
                p = T.MultiplyAdd(p, square, T.Of(-8.14012846e-4f));
                p = T.MultiplyAdd(p, square, T.Of(8.77237495e-3f));
                p = T.MultiplyAdd(p, square, T.Of(-6.45730806e-2f));
                p = T.MultiplyAdd(p, square, T.Of(0.397883328f));
                T.Store(value * T.MultiplyAdd(limited, p, T.Of(0.5f)), x + i);
            }
        }
    }

    /// <summary>g = silu(g) v for a row that holds g and v side by side (arXiv:2002.05202).</summary>
    /// <param name="both">The row, [2 columns].</param>
    /// <param name="columns">Number of values of g.</param>
    internal static void SwiGlu(float* both, int columns)
    {
        int done = Lanes16.IsSupported ? SwiGlu<Lanes16>(both, columns)
            : Lanes8.IsSupported ? SwiGlu<Lanes8>(both, columns) : SwiGlu<Lanes4>(both, columns);
        for (; done < columns; done++)
            both[done] = both[done] / (1 + MathF.Exp(-both[done])) * both[columns + done];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Apply<T>(MlpActivation activation, float* x, nint stride, int rows, int columns)
        where T : unmanaged, ILanes<T>
    {
        for (int row = 0; row < rows; row++, x += stride)
        {
            for (int i = 0; i < columns; i += T.Count)
            {
                var value = T.Load(x + i);
                T.Store(
                    activation switch
                    {
                        MlpActivation.GeluTanh => Gated(value, T.MultiplyAdd(value * value * value, T.Of(Cubic), value) * T.Of(2 * TanhSlope)),
                        MlpActivation.QuickGelu => Gated(value, value * T.Of(QuickSlope)),
                        _ => Gelu(value),
                    },
                    x + i);
            }
        }
    }

    /// <summary>Returns the number of values that were computed: whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int SwiGlu<T>(float* both, int columns)
        where T : unmanaged, ILanes<T>
    {
        int i = 0;
        for (; i + T.Count <= columns; i += T.Count)
        {
            var g = T.Load(both + i);
            T.Store(Gated(g, g) * T.Load(both + columns + i), both + i);
        }

        return i;
    }

    /// <summary>x times the logistic function of another value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Gated<T>(T x, T of)
        where T : unmanaged, ILanes<T> => x / (T.Of(1) + Exp(T.Of(0) - of));

    /// <summary>
    /// x Phi(x) = max(x, 0) - |x| / 2 erfc(|x| / sqrt 2), with erfc(z) = e^(-z^2) t (a1 + t (a2 + t (a3 + t (a4 + t a5)))), t = 1 / (1 + p z):
    /// formula 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), within 1.5e-7.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Gelu<T>(T x)
        where T : unmanaged, ILanes<T>
    {
        var size = T.Abs(x);
        var t = T.Of(1) / T.MultiplyAdd(size, T.Of(0.3275911f * 0.70710678f), T.Of(1));
        var p = T.MultiplyAdd(T.Of(1.061405429f), t, T.Of(-1.453152027f));
        p = T.MultiplyAdd(p, t, T.Of(1.421413741f));
        p = T.MultiplyAdd(p, t, T.Of(-0.284496736f));
        p = T.MultiplyAdd(p, t, T.Of(0.254829592f));
        var erfc = p * t * Exp(size * size * T.Of(-0.5f));
        return T.MultiplySubtract(size * T.Of(0.5f), erfc, T.Max(T.Of(0), x));
    }
}
