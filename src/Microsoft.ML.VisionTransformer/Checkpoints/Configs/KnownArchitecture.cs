// Finds the timm preset that an architecture is a variant of.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class KnownArchitecture
{
    /// <summary>
    /// Name of the preset with the same blocks, patches and tokens, whatever its head, image size, channels, norm epsilon and dropout; among several the one
    /// whose image size is nearest, then the one whose pool is the same; <paramref name="otherwise"/> where there is none.
    /// </summary>
    internal static string NameOf(VisionTransformerArchitecture architecture, string otherwise)
    {
        var blocks = Blocks(architecture);
        return VisionTransformerArchitecture.Known
            .Select(VisionTransformerArchitecture.Parse)
            .Where(preset => Blocks(preset) == blocks)
            .OrderBy(preset => Math.Abs(preset.ImageSize.Height - architecture.ImageSize.Height))
            .ThenBy(preset => preset.Pooling != architecture.Pooling)
            .FirstOrDefault()?.Name ?? otherwise;
    }

    /// <summary>One way to write down a network: what says the same in two ways, or says nothing here, has one value.</summary>
    internal static VisionTransformerArchitecture Canonical(VisionTransformerArchitecture architecture) => architecture with
    {
        PatchStride = architecture.Stride,
        MlpRatio = architecture.MlpHiddenDimension,
        MlpWidthMultiple = 1,
        Activation = architecture.Mlp == MlpKind.Plain ? architecture.Activation : MlpActivation.Gelu,
        KeyBias = architecture.KeyBias || !architecture.QkvBias,
        HeadBias = architecture.HeadBias || architecture.Classes == 0,
        PositionsCoverPrefix = architecture.PositionsCoverPrefix || architecture.PrefixTokens == 0 || architecture.PositionEmbedding == PositionEmbedding.None,
        NormAfterPooling = architecture.NormsPooled,
        Initialization = WeightInitialization.Timm,
    };

    private static VisionTransformerArchitecture Blocks(VisionTransformerArchitecture architecture) => Canonical(architecture with
    {
        Name = "",
        ImageSize = architecture.PatchSize,
        Channels = 3,
        Classes = 0,
        HeadBias = true,
        RepresentationDimension = 0,
        Pooling = TokenPooling.ClassToken,
        PoolPrefixTokens = false,
        NormAfterPooling = null,
        NormEpsilon = 1e-6,
        LayerScale = architecture.LayerScale is null ? null : 1,
        EmbeddingDropoutRate = 0,
        AttentionDropoutRate = 0,
        ProjectionDropoutRate = 0,
        DropPathRate = 0,
    }) with { Rotary = architecture.Rotary is null ? null : architecture.Rotary with { ReferenceGrid = null } };
}
