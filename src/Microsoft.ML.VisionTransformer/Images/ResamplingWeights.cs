// Which pixels of a side each resized pixel is made of, with whole-number weights.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// For output pixel i of a side: scale = in / out, f = max(scale, 1), centre = (i + 0.5) * scale; the pixels within radius * f of the
/// centre, weighted by kernel((j - centre + 0.5) / f), normalised to sum 1 and rounded to multiples of 2^-22. Pillow's
/// <c>precompute_coeffs</c> and <c>normalize_coeffs_8bpc</c>, bit for bit.
/// </summary>
internal sealed class ResamplingWeights
{
    /// <summary>Fraction bits of a weight: 32 less 8 for the pixel and 2 for sums of negative weights.</summary>
    internal const int FractionBits = 22;

    private readonly int[] _first;
    private readonly int[] _start;
    private readonly int[] _weights;

    /// <summary>Weights of the wanted pixels of a side of <paramref name="input"/> pixels.</summary>
    internal ResamplingWeights(int input, ResizedSide output, ImageInterpolation kernel)
    {
        double scale = (double)input / output.Size, shrink = Math.Max(scale, 1), support = ResamplingKernel.Radius(kernel) * shrink;
        _first = new int[output.Count];
        _start = new int[output.Count + 1];
        var weights = new List<int>(checked(output.Count * (int)Math.Min(input, 2 * support + 2)));
        double[] exact = new double[(int)Math.Min(input, 2 * support + 2)];
        for (int i = 0; i < output.Count; i++)
        {
            double centre = (output.Start + i + 0.5) * scale;
            int first = (int)Math.Max(centre - support + 0.5, 0), end = (int)Math.Min(centre + support + 0.5, input);
            var taps = exact.AsSpan(0, end - first);
            Weigh(taps, first - centre + 0.5, 1 / shrink, kernel);
            foreach (double weight in taps)
                weights.Add((int)(weight * (1 << FractionBits) + (weight < 0 ? -0.5 : 0.5)));
            _first[i] = first;
            _start[i + 1] = weights.Count;
        }

        _weights = [.. weights];
        FirstPixel = _first.Min();
        EndPixel = Enumerable.Range(0, output.Count).Max(i => _first[i] + Of(i).Length);
    }

    /// <summary>First input pixel that has a weight anywhere.</summary>
    internal int FirstPixel { get; }

    /// <summary>One past the last input pixel that has a weight anywhere.</summary>
    internal int EndPixel { get; }

    /// <summary>First input pixel of the i-th wanted output pixel.</summary>
    internal int First(int i) => _first[i];

    /// <summary>Weights of that pixel and those that follow it, in units of 2^-22.</summary>
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
