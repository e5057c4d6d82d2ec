// Seeded random number streams: the same keys give the same numbers on every machine and for any number of threads.
namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// A random number generator identified by keys such as (seed, purpose, epoch, row): the numbers of a row do not depend on the order in which rows
/// are processed. SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). Not thread-safe.
/// </summary>
internal sealed class RandomStream
{
    private const ulong Increment = 0x9E3779B97F4A7C15;

    private ulong _state;
    private double _spareGaussian = double.NaN;

    private RandomStream(ulong state) => _state = state;

    /// <summary>The stream for these keys.</summary>
    internal static RandomStream For(long seed, params ReadOnlySpan<long> keys)
    {
        // Mixed once more than the keys: swapping seed and key must give another stream.
        ulong state = Mix(Mix((ulong)seed + Increment) + Increment);
        foreach (long key in keys)
            state = Mix(state ^ Mix((ulong)key + Increment));
        return new RandomStream(state);
    }

    /// <summary>A copy that continues with the same numbers.</summary>
    internal RandomStream Copy() => new(_state) { _spareGaussian = _spareGaussian };

    /// <summary>64 random bits.</summary>
    internal ulong NextBits() => Mix(_state += Increment);

    /// <summary>Uniform in [0, 1), a multiple of 2^-53.</summary>
    internal double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [from, below).</summary>
    internal double NextDouble(double from, double below) => from + (below - from) * NextDouble();

    /// <summary>Uniform in [0, below); <paramref name="below"/> is at least 1.</summary>
    internal int NextInt(int below) => (int)Math.BigMul(NextBits(), (ulong)below, out _);

    /// <summary>Standard normal (polar method of Marsaglia).</summary>
    internal double NextGaussian()
    {
        if (!double.IsNaN(_spareGaussian))
        {
            double spare = _spareGaussian;
            _spareGaussian = double.NaN;
            return spare;
        }

        double u, v, square;
        do
        {
            u = NextDouble(-1, 1);
            v = NextDouble(-1, 1);
            square = u * u + v * v;
        }
        while (square is >= 1 or 0);
        double scale = Math.Sqrt(-2 * Math.Log(square) / square);
        _spareGaussian = v * scale;
        return u * scale;
    }

    /// <summary>Puts the items into a uniformly random order (Fisher-Yates).</summary>
    internal void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

internal static class BetaDistribution
{
    /// <summary>
    /// A sample in [0, 1] from Beta(<paramref name="a"/>, <paramref name="b"/>), both above 0: X / (X + Y) of two gamma samples, computed in
    /// logarithms to avoid NaN when both are tiny.
    /// </summary>
    internal static double Next(RandomStream random, double a, double b)
    {
        double x = NextLogGamma(random, a), y = NextLogGamma(random, b);
        return 1 / (1 + Math.Exp(y - x));
    }

    /// <summary>
    /// The logarithm of a sample from Gamma(<paramref name="shape"/>): Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
    /// For a shape below 1, a sample for shape + 1 is multiplied by U^(1 / shape) (section 6).
    /// </summary>
    private static double NextLogGamma(RandomStream random, double shape)
    {
        if (shape < 1)
            return NextLogGamma(random, shape + 1) + Math.Log(NextPositive(random)) / shape;
        double d = shape - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextGaussian(), v = Math.Pow(1 + c * x, 3);
            if (v > 0 && Math.Log(NextPositive(random)) < 0.5 * x * x + d - d * v + d * Math.Log(v))
                return Math.Log(d * v);
        }
    }

    /// <summary>Uniform in (0, 1].</summary>
    private static double NextPositive(RandomStream random) => 1 - random.NextDouble();
}
