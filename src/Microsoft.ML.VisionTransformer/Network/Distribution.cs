// The distributions that first weights are drawn from.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>A distribution with mean 0, or a constant.</summary>
/// <param name="Kind">Its form.</param>
/// <param name="Scale">The constant, the standard deviation before truncation, or the largest absolute value of the uniform distribution.</param>
internal readonly record struct Distribution(DistributionKind Kind, double Scale)
{
    /// <summary>The same value everywhere.</summary>
    internal static Distribution Constant(double value) => new(DistributionKind.Constant, value);

    /// <summary>Normal with that standard deviation.</summary>
    internal static Distribution Normal(double deviation) => new(DistributionKind.Normal, deviation);

    /// <summary>Normal, drawn again beyond two standard deviations; <paramref name="deviation"/> is the one before truncation.</summary>
    internal static Distribution TruncatedNormal(double deviation) => new(DistributionKind.TruncatedNormal, deviation);

    /// <summary>Uniform in [-bound, bound).</summary>
    internal static Distribution Uniform(double bound) => new(DistributionKind.Uniform, bound);

    /// <summary>Fills the values.</summary>
    internal void Fill(Span<float> values, RandomStream stream)
    {
        if (Kind == DistributionKind.Constant)
        {
            values.Fill((float)Scale);
            return;
        }

        foreach (ref float value in values)
        {
            value = (float)(Scale * Kind switch
            {
                DistributionKind.Uniform => stream.NextDouble(-1, 1),
                DistributionKind.TruncatedNormal => NextTruncated(stream),
                _ => stream.NextGaussian(),
            });
        }
    }

    private static double NextTruncated(RandomStream stream)
    {
        double value;
        do
            value = stream.NextGaussian();
        while (Math.Abs(value) > 2);
        return value;
    }
}

/// <summary>The form of a <see cref="Distribution"/>.</summary>
internal enum DistributionKind
{
    /// <summary>No randomness.</summary>
    Constant,

    /// <summary>Normal.</summary>
    Normal,

    /// <summary>Normal within two standard deviations.</summary>
    TruncatedNormal,

    /// <summary>Uniform.</summary>
    Uniform,
}
