// Which architectures timm can build from a preset with arguments that fit into JSON.
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class TimmExpressible
{
    private const double TimmsNormEpsilon = 1e-6;
    private const string FixedEpsilon = "NormEpsilon is no argument of timm's; it is 1e-6, or 1e-5 in some names";

    /// <summary>The first part of an architecture that stands in the way, with the reason; null if there is none.</summary>
    internal static string? Obstacle(ArchitecturePreset preset, VisionTransformerArchitecture architecture) =>
        Common(architecture) ?? (preset.IsEva ? ForEva(preset, architecture) : ForVit(preset, architecture)) ?? TimmLimits.Broken(preset, architecture);

    private static string? Common(VisionTransformerArchitecture a) => a switch
    {
        _ when a.Stride != a.PatchSize => "PatchStride differs from PatchSize; timm's patches lie side by side",
        _ when a.PatchBias == a.PreNorm => "PatchBias and PreNorm are equal; timm's patches have a bias exactly where there is no norm before the blocks",
        { RepresentationDimension: > 0 } => "RepresentationDimension is set; timm has no layer between pool and head",
        { HeadBias: false } => "HeadBias is false; timm's head has a bias, which can be zeros",
        { PositionEmbedding: PositionEmbedding.SinCos2D } => "PositionEmbedding is SinCos2D; timm has a learned table, which can hold the same numbers",
        { Pooling: TokenPooling.ClassTokenAndAverage } => "Pooling is ClassTokenAndAverage; timm has no such pool",
        { Mlp: MlpKind.Plain, MlpWidthMultiple: > 1 } => "MlpWidthMultiple is above 1; timm has it for SwiGLU alone, elsewhere take another MlpRatio",
        _ => null,
    };

    private static string? ForVit(ArchitecturePreset preset, VisionTransformerArchitecture a) => a switch
    {
        _ when a.DistillationToken != preset.Architecture.DistillationToken => "DistillationToken is a class of its own in timm",
        _ when a.Mlp != preset.Architecture.Mlp => "Mlp is no argument of timm's VisionTransformer",
        _ when a.NormEpsilon != preset.Architecture.NormEpsilon && a.NormEpsilon != TimmsNormEpsilon => FixedEpsilon,
        { QkvBias: true, KeyBias: false } => "KeyBias is false; timm's VisionTransformer has a bias on all three or none",
        { Rotary: not null } => "Rotary is set; timm's VisionTransformer has no rotary positions",
        { MlpWidthMultiple: > 1 } => "MlpWidthMultiple is above 1; timm's VisionTransformer has no such argument",
        { LayerScale: 0 } => "LayerScale is 0, which timm's VisionTransformer takes for none",
        { PatchNorm: true } when a.NormEpsilon != TimmsNormEpsilon => "PatchNorm with a NormEpsilon other than 1e-6 cannot be written as text",
        _ => null,
    };

    private static string? ForEva(ArchitecturePreset preset, VisionTransformerArchitecture a) => a switch
    {
        { DistillationToken: true } => "DistillationToken is a class of its own in timm",
        _ when a.NormEpsilon != preset.Architecture.NormEpsilon => FixedEpsilon,
        { QkvBias: true, KeyBias: true } => "KeyBias is true; timm's Eva has none",
        { QkNorm: true } => "QkNorm is true; timm's Eva has none",
        { PatchNorm: true } => "PatchNorm is true; timm's Eva has none",
        { PoolPrefixTokens: true } => "PoolPrefixTokens is true; timm's Eva pools patches alone",
        { Mlp: MlpKind.Plain, Activation: not MlpActivation.Gelu } => "Activation is not Gelu; timm's Eva has no other",
        _ => null,
    };
}
