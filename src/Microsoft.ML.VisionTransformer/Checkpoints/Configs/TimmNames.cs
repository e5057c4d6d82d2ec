// timm's words for what an architecture and its preprocessing offer by name; each table is read in both directions.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class TimmNames
{
    internal static readonly IReadOnlyDictionary<string, TokenPooling> Pooling = new Dictionary<string, TokenPooling>(StringComparer.Ordinal)
    {
        ["token"] = TokenPooling.ClassToken,
        ["avg"] = TokenPooling.Average,
        ["max"] = TokenPooling.Max,
        ["avgmax"] = TokenPooling.AverageAndMax,
        ["map"] = TokenPooling.Attention,
        [""] = TokenPooling.None,
    };

    internal static readonly IReadOnlyDictionary<string, MlpActivation> Activation = new Dictionary<string, MlpActivation>(StringComparer.Ordinal)
    {
        ["gelu"] = MlpActivation.Gelu,
        ["gelu_tanh"] = MlpActivation.GeluTanh,
        ["quick_gelu"] = MlpActivation.QuickGelu,
    };

    internal static readonly IReadOnlyDictionary<string, PositionEmbedding> Positions = new Dictionary<string, PositionEmbedding>(StringComparer.Ordinal)
    {
        ["learn"] = PositionEmbedding.Learned,
        ["none"] = PositionEmbedding.None,
        [""] = PositionEmbedding.None,
    };

    /// <summary>timm's <c>rope_type</c>.</summary>
    internal static readonly IReadOnlyDictionary<string, RotaryLayout> Rotary = new Dictionary<string, RotaryLayout>(StringComparer.Ordinal)
    {
        ["cat"] = RotaryLayout.Eva02,
        ["dinov3"] = RotaryLayout.Dinov3,
    };

    internal static readonly IReadOnlyDictionary<string, ImageResizing> CropMode = new Dictionary<string, ImageResizing>(StringComparer.Ordinal)
    {
        ["center"] = ImageResizing.CenterCrop,
        ["squash"] = ImageResizing.Squash,
        ["border"] = ImageResizing.Pad,
    };

    internal static readonly IReadOnlyDictionary<string, ImageInterpolation> Interpolation = new Dictionary<string, ImageInterpolation>(StringComparer.Ordinal)
    {
        ["bilinear"] = ImageInterpolation.Bilinear,
        ["bicubic"] = ImageInterpolation.Bicubic,
        ["lanczos"] = ImageInterpolation.Lanczos,
    };

    /// <summary>timm's first word for a meaning; null if it has none.</summary>
    internal static string? Of<T>(IReadOnlyDictionary<string, T> meanings, T meaning) =>
        meanings.Where(pair => EqualityComparer<T>.Default.Equals(pair.Value, meaning)).Select(pair => pair.Key).FirstOrDefault();
}
