// What each parameter of a fresh network is drawn from, under each scheme.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// The three schemes of <see cref="WeightInitialization"/> as data. Where timm and PyTorch say "truncated normal", the bounds are the values -2
/// and 2, not two standard deviations: with a deviation of 0.02 that is 100 deviations away and never met, so a plain normal is drawn.
/// </summary>
internal static class InitialValues
{
    /// <summary>Standard deviation that a unit normal keeps when it is truncated at two deviations.</summary>
    private const double TruncatedDeviation = 0.87962566103423978;

    /// <summary>What a parameter of the architecture starts from, under the scheme that the architecture names.</summary>
    internal static Distribution Of(ParameterRow parameter, VisionTransformerArchitecture architecture) => parameter.Role switch
    {
        ParameterRole.NormWeight => Distribution.Constant(1),
        ParameterRole.NormBias or ParameterRole.LinearBias or ParameterRole.HeadBias => Distribution.Constant(0),
        ParameterRole.Positions or ParameterRole.DistillationToken => Distribution.Normal(0.02),
        ParameterRole.RegisterTokens => Distribution.Normal(1e-6),
        ParameterRole.Latent => Distribution.Normal(1 / Math.Sqrt(architecture.EmbeddingDimension)),
        ParameterRole.LayerScale => Distribution.Constant(architecture.LayerScale ?? throw new InvalidOperationException("The architecture has no LayerScale.")),
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
        // timm leaves the convolution to PyTorch, which draws weight and bias alike.
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

    /// <summary>Values that one output of the patch projection reads: its fan-in.</summary>
    private static double PatchValues(VisionTransformerArchitecture architecture) => architecture.Channels * PatchPixels(architecture);

    private static double PatchPixels(VisionTransformerArchitecture architecture) => (double)architecture.PatchSize.Height * architecture.PatchSize.Width;
}
