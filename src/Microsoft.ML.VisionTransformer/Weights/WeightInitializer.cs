// The initial weights of a network: the schemes, their distributions and the drawing.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Weights;

/// <summary>
/// Fills all parameters from random streams keyed by (seed, parameter, chunk): the same seed gives the same weights for any number of threads, on any
/// machine.
/// </summary>
internal static class WeightInitializer
{
    /// <summary>First key of the random streams of weights.</summary>
    private const long Purpose = 0;

    /// <summary>Values per stream.</summary>
    private const int ChunkLength = 1 << 16;

    /// <summary>Draws every parameter of the architecture's table.</summary>
    /// <param name="architecture">The architecture.</param>
    /// <param name="parameters">Returns the values of a parameter, which have the table's shape; called on several threads.</param>
    /// <param name="seed">The seed.</param>
    internal static void Draw(VisionTransformerArchitecture architecture, ParameterValues parameters, int seed)
    {
        var chunks = architecture.Parameters().SelectMany((row, index) => Chunks(row, index, InitialValues.Of(row, architecture)));
        Parallel.ForEach(chunks, chunk =>
        {
            var values = parameters(chunk.Name).Slice(chunk.Start, chunk.Length);
            chunk.Distribution.Fill(values, RandomStream.For(seed, Purpose, chunk.Parameter, chunk.Start));
        });
    }

    private static IEnumerable<Chunk> Chunks(ParameterRow row, int index, Distribution distribution)
    {
        int length = checked((int)row.Length);
        for (int start = 0; start < length; start += ChunkLength)
            yield return new Chunk(row.Name, index, start, Math.Min(ChunkLength, length - start), distribution);
    }

    /// <summary>Consecutive values of one parameter, drawn from one stream.</summary>
    private readonly record struct Chunk(string Name, int Parameter, int Start, int Length, Distribution Distribution);
}

/// <summary>Returns the values of a parameter, row-major.</summary>
internal delegate Span<float> ParameterValues(string name);

/// <summary>
/// The three schemes of <see cref="WeightInitialization"/> as data. The "truncated normal" of timm and PyTorch is truncated at the values -2 and 2, not at
/// two standard deviations: with a standard deviation of 0.02 that is 100 deviations away and never reached, so a plain normal is drawn.
/// </summary>
internal static class InitialValues
{
    /// <summary>Standard deviation of a unit normal truncated at two standard deviations.</summary>
    private const double TruncatedDeviation = 0.87962566103423978;

    /// <summary>The initial distribution of a parameter under the architecture's scheme.</summary>
    internal static Distribution Of(ParameterRow parameter, VisionTransformerArchitecture architecture) => parameter.Role switch
    {
        ParameterRole.NormWeight => Distribution.Constant(1),
        ParameterRole.NormBias or ParameterRole.LinearBias or ParameterRole.HeadBias => Distribution.Constant(0),
        ParameterRole.Positions or ParameterRole.DistillationToken => Distribution.Normal(0.02),
        ParameterRole.RegisterTokens => Distribution.Normal(1e-6),
        ParameterRole.Latent => Distribution.Normal(1 / Math.Sqrt(architecture.EmbeddingDimension)),
        ParameterRole.LayerScale => Distribution.Constant(
            architecture.LayerScale ?? throw new InvalidOperationException("The architecture has no LayerScale.")),
        _ => architecture.Initialization switch
        {
            WeightInitialization.Jax => Jax(parameter, architecture),
            WeightInitialization.Original => Original(parameter, architecture),
            _ => Timm(parameter, architecture),
        },
    };

    private static Distribution Timm(ParameterRow parameter, VisionTransformerArchitecture architecture) => parameter.Role switch
    {
        ParameterRole.ClassToken => Distribution.Normal(1e-6),
        // timm keeps PyTorch's default for the convolution, which draws weight and bias from the same distribution.
        ParameterRole.PatchWeight or ParameterRole.PatchBias => Distribution.Uniform(1 / Math.Sqrt(PatchValues(architecture))),
        ParameterRole.LinearWeight or ParameterRole.HeadWeight => Distribution.Normal(0.02),
        _ => Distribution.Constant(0),
    };

    private static Distribution Jax(ParameterRow parameter, VisionTransformerArchitecture architecture) => parameter.Role switch
    {
        ParameterRole.ClassToken or ParameterRole.MlpBias => Distribution.Normal(1e-6),
        ParameterRole.PatchWeight => Distribution.TruncatedNormal(1 / Math.Sqrt(PatchValues(architecture)) / TruncatedDeviation),
        ParameterRole.LinearWeight => Distribution.Uniform(Math.Sqrt(6.0 / (parameter.Shape[0] + parameter.Shape[1]))),
        _ => Distribution.Constant(0),
    };

    private static Distribution Original(ParameterRow parameter, VisionTransformerArchitecture architecture) => parameter.Role switch
    {
        ParameterRole.ClassToken => Distribution.Normal(0.02),
        ParameterRole.PatchWeight => Distribution.Normal(Math.Sqrt(2.0 / ((double)architecture.EmbeddingDimension * PatchPixels(architecture)))),
        ParameterRole.LinearWeight or ParameterRole.HeadWeight => Distribution.Normal(0.01),
        _ => Distribution.Constant(0),
    };

    /// <summary>Fan-in of the patch projection.</summary>
    private static double PatchValues(VisionTransformerArchitecture architecture) => architecture.Channels * PatchPixels(architecture);

    private static double PatchPixels(VisionTransformerArchitecture architecture) => (double)architecture.PatchSize.Height * architecture.PatchSize.Width;
}

/// <summary>A distribution with mean 0, or a constant.</summary>
/// <param name="Kind">The form of the distribution.</param>
/// <param name="Scale">The constant, the standard deviation before truncation, or the largest absolute value of the uniform distribution.</param>
internal readonly record struct Distribution(DistributionKind Kind, double Scale)
{
    /// <summary>A constant.</summary>
    internal static Distribution Constant(double value) => new(DistributionKind.Constant, value);

    /// <summary>Normal with the given standard deviation.</summary>
    internal static Distribution Normal(double deviation) => new(DistributionKind.Normal, deviation);

    /// <summary>Normal, redrawn beyond two standard deviations; <paramref name="deviation"/> is the standard deviation before truncation.</summary>
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
    /// <summary>A constant.</summary>
    Constant,

    /// <summary>Normal.</summary>
    Normal,

    /// <summary>Normal within two standard deviations.</summary>
    TruncatedNormal,

    /// <summary>Uniform.</summary>
    Uniform,
}
