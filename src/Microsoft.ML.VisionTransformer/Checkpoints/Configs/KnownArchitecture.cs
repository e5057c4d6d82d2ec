// Finds the timm preset that an architecture is a variant of.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

internal static class KnownArchitecture
{
    /// <summary>
    /// Name of the preset with the same blocks, patches and tokens, whatever its head, image size, channels, norm epsilon and dropout. Among several, one that
    /// is called after the model type comes first, then the nearest image size, the same pool, the shortest name. Without any it is the model type's.
    /// </summary>
    /// <param name="architecture">The network.</param>
    /// <param name="modelType">Hugging Face's name of its kind: <c>vit</c>, <c>deit</c>, <c>clip_vision_model</c>, ...</param>
    internal static string NameOf(VisionTransformerArchitecture architecture, string modelType)
    {
        var blocks = Blocks(architecture);
        string kind = modelType.Split('_')[0];
        return VisionTransformerArchitecture.Known
            .Select(VisionTransformerArchitecture.Parse)
            .Where(preset => Blocks(preset) == blocks)
            .OrderBy(preset => !preset.Name.Contains(kind, StringComparison.Ordinal))
            .ThenBy(preset => Math.Abs(preset.ImageSize.Height - architecture.ImageSize.Height))
            .ThenBy(preset => preset.Pooling != architecture.Pooling)
            .ThenBy(preset => preset.Name.Length)
            .FirstOrDefault()?.Name ?? modelType;
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
        Rotary = architecture.Rotary is null ? null : architecture.Rotary with { ReferenceGrid = null },
        EmbeddingDropoutRate = 0,
        AttentionDropoutRate = 0,
        ProjectionDropoutRate = 0,
        DropPathRate = 0,
    });
}
