// Random numbers with a beta distribution.
namespace Microsoft.ML.VisionTransformer.Common;

internal static class BetaDistribution
{
    /// <summary>
    /// A number in [0, 1] from Beta(<paramref name="a"/>, <paramref name="b"/>), both above 0: X / (X + Y) of two gamma numbers, in logarithms, so
    /// that it stays a number where both are tiny.
    /// </summary>
    internal static double Next(RandomStream random, double a, double b)
    {
        double x = NextLogGamma(random, a), y = NextLogGamma(random, b);
        return 1 / (1 + Math.Exp(y - x));
    }

    /// <summary>
    /// The logarithm of a number from Gamma(<paramref name="shape"/>): Marsaglia and Tsang, "A simple method for generating gamma variables", 2000;
    /// a shape below 1 is that of shape + 1 times U^(1 / shape), as they say in section 6.
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
