// Finds the timm preset that matches an architecture.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>Finds the timm preset that matches an architecture.</summary>
internal static class KnownArchitecture
{
    /// <summary>
    /// Name of the preset with the same blocks, patches and tokens, ignoring head, image size, channels, norm epsilon and dropout. Among several, the order of
    /// preference is: name contains the model type, closest image size, same pooling, shortest name. If there is none, the model type is returned.
    /// </summary>
    /// <param name="architecture">The architecture.</param>
    /// <param name="modelType">Hugging Face's model type: <c>vit</c>, <c>deit</c>, <c>clip_vision_model</c>, ...</param>
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

    /// <summary>
    /// A canonical form for comparison: settings that can be expressed in two ways, or that have no effect in this network, have a fixed value.
    /// </summary>
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
