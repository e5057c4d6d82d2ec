// The integer weights of the input pixels of each resized pixel, and the kernels that define them.
namespace Microsoft.ML.VisionTransformer.Images.Resampling;

/// <summary>
/// For output pixel i of a side: scale = in / out, f = max(scale, 1), center = (i + 0.5) * scale; the pixels within radius * f of the
/// center, weighted by kernel((j - center + 0.5) / f), normalized to sum 1 and rounded to multiples of 2^-22. Pillow's
/// <c>precompute_coeffs</c> and <c>normalize_coeffs_8bpc</c>, bit for bit.
/// </summary>
internal sealed class ResamplingWeights
{
    /// <summary>Fraction bits of a weight: 32 minus 8 for the pixel and 2 for sums of negative weights.</summary>
    internal const int FractionBits = 22;

    private readonly int[] _first;
    private readonly int[] _start;
    private readonly int[] _weights;

    /// <summary>Computes the weights of the output pixels of a side of <paramref name="input"/> pixels.</summary>
    internal ResamplingWeights(int input, ResizedSide output, ImageInterpolation kernel)
    {
        double scale = (double)input / output.Size, shrink = Math.Max(scale, 1), support = ResamplingKernel.Radius(kernel) * shrink;
        _first = new int[output.Count];
        _start = new int[output.Count + 1];
        var weights = new List<int>(checked(output.Count * (int)Math.Min(input, 2 * support + 2)));
        double[] exact = new double[(int)Math.Min(input, 2 * support + 2)];
        for (int i = 0; i < output.Count; i++)
        {
            double center = (output.Start + i + 0.5) * scale;
            int first = (int)Math.Max(center - support + 0.5, 0), end = (int)Math.Min(center + support + 0.5, input);
            var taps = exact.AsSpan(0, end - first);
            Weigh(taps, first - center + 0.5, 1 / shrink, kernel);
            foreach (double weight in taps)
                weights.Add((int)(weight * (1 << FractionBits) + (weight < 0 ? -0.5 : 0.5)));
            _first[i] = first;
            _start[i + 1] = weights.Count;
        }

        _weights = [.. weights];
        FirstPixel = _first.Min();
        EndPixel = Enumerable.Range(0, output.Count).Max(i => _first[i] + Of(i).Length);
    }

    /// <summary>First input pixel that any output pixel uses.</summary>
    internal int FirstPixel { get; }

    /// <summary>One past the last input pixel that any output pixel uses.</summary>
    internal int EndPixel { get; }

    /// <summary>First input pixel of the i-th output pixel.</summary>
    internal int First(int i) => _first[i];

    /// <summary>Weights of that pixel and the following ones, in units of 2^-22.</summary>
    internal ReadOnlySpan<int> Of(int i) => _weights.AsSpan(_start[i].._start[i + 1]);

    private static void Weigh(Span<double> taps, double distance, double unit, ImageInterpolation kernel)
    {
        double sum = 0;
        for (int j = 0; j < taps.Length; j++)
            sum += taps[j] = ResamplingKernel.Weight(kernel, (j + distance) * unit);
        foreach (ref double tap in taps)
            tap /= sum;
    }
}

/// <summary>
/// The resampling kernels: the weight of a pixel as a function of its distance in pixels from the sampled point. Pillow's definitions
/// (src/libImaging/Resample.c).
/// </summary>
internal static class ResamplingKernel
{
    private const double CubicA = -0.5;
    private const int LanczosLobes = 3;

    /// <summary>Distance at and beyond which the weight is 0.</summary>
    internal static double Radius(ImageInterpolation kernel) => kernel switch
    {
        ImageInterpolation.Bilinear => 1,
        ImageInterpolation.Bicubic => 2,
        _ => LanczosLobes,
    };

    /// <summary>The weight at a distance, negative or positive.</summary>
    internal static double Weight(ImageInterpolation kernel, double distance) => kernel switch
    {
        ImageInterpolation.Bilinear => Math.Max(0, 1 - Math.Abs(distance)),
        ImageInterpolation.Bicubic => Cubic(Math.Abs(distance)),
        _ => Lanczos(distance),
    };

    /// <summary>Keys' cubic convolution (1981) with a = -0.5.</summary>
    private static double Cubic(double x) => x switch
    {
        < 1 => ((CubicA + 2) * x - (CubicA + 3)) * x * x + 1,
        < 2 => (((x - 5) * x + 8) * x - 4) * CubicA,
        _ => 0,
    };

    private static double Lanczos(double x) => x is >= -LanczosLobes and < LanczosLobes ? Sinc(x) * Sinc(x / LanczosLobes) : 0;

    private static double Sinc(double x)
    {
        if (x == 0)
            return 1;
        x *= Math.PI;
        return Math.Sin(x) / x;
    }
}
