// Each kind of pooling and embedding, described once as data: which tokens, how they are reduced, and how the results are combined.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>
/// How the tokens of an image are pooled into one vector. The network, the vectorized code, the explanations and the ONNX export all follow this
/// description. A new kind of pooling that consists of these parts needs only a row here and a value of <see cref="TokenPooling"/>.
/// </summary>
/// <param name="Parts">The parts, in order; empty if all tokens are returned unchanged.</param>
internal sealed record PoolingRecipe(params TokenPart[] Parts)
{
    private static readonly TokenPart _classToken = new(TokenReduction.None, TokenSelection.ClassToken);
    private static readonly TokenPart _mean = new(TokenReduction.Mean, TokenSelection.Pooled), _max = new(TokenReduction.Max, TokenSelection.Pooled);
    private static readonly TokenPart _patchMean = new(TokenReduction.Mean, TokenSelection.Patches);
    private static readonly PoolingRecipe _ofDistillationHead = new(new TokenPart(TokenReduction.None, TokenSelection.DistillationToken));

    private static readonly Dictionary<TokenPooling, PoolingRecipe> _poolings = new()
    {
        [TokenPooling.ClassToken] = new(_classToken),
        [TokenPooling.Average] = new(_mean) { NormFollows = true },
        [TokenPooling.Max] = new(_max) { NormFollows = true },
        [TokenPooling.AverageAndMax] = new(_mean, _max) { Together = PartsTogether.Averaged, NormFollows = true },
        [TokenPooling.Attention] = new(new TokenPart(TokenReduction.Attention, TokenSelection.Pooled)),
        [TokenPooling.ClassTokenAndAverage] = new(_classToken, _mean),
        [TokenPooling.None] = new(),
    };

    private static readonly Dictionary<FeatureKind, PoolingRecipe> _embeddings = new()
    {
        [FeatureKind.ClassToken] = new(_classToken),
        [FeatureKind.Average] = new(_patchMean),
        [FeatureKind.ClassTokenAndAverage] = new(_classToken, _patchMean),
    };

    /// <summary>How several parts are combined into one vector.</summary>
    internal PartsTogether Together { get; init; } = PartsTogether.SideBySide;

    /// <summary>Whether the final norm follows the pool if <see cref="VisionTransformerArchitecture.NormAfterPooling"/> is null.</summary>
    internal bool NormFollows { get; init; }

    /// <summary>Width of the result, as a multiple of the embedding dimension.</summary>
    internal int Widths => Together == PartsTogether.SideBySide ? Math.Max(1, Parts.Length) : 1;

    /// <summary>Whether a part is the class token.</summary>
    internal bool ReadsClassToken => Parts.Any(part => part.Selection == TokenSelection.ClassToken);

    /// <summary>Whether a part uses attention pooling, which has its own weights.</summary>
    internal bool Attends => Parts.Any(part => part.Reduction == TokenReduction.Attention);

    /// <summary>Whether all tokens are returned unchanged.</summary>
    internal bool KeepsAll => Parts.Length == 0;

    /// <summary>The recipe of a pooling.</summary>
    internal static PoolingRecipe Of(TokenPooling pooling) => _poolings[pooling];

    /// <summary>The pooling of each head's input: one recipe, or with a distillation token one for each of the two heads.</summary>
    internal static IReadOnlyList<PoolingRecipe> OfHeads(VisionTransformerArchitecture architecture) =>
        architecture.DistillationToken ? [Of(architecture.Pooling), _ofDistillationHead] : [Of(architecture.Pooling)];

    /// <summary>The recipe of an embedding; null if the embedding uses the network's own pooling.</summary>
    internal static PoolingRecipe? Of(FeatureKind kind) => _embeddings.GetValueOrDefault(kind);

    /// <summary>How many tokens, counted from the first, the recipes read.</summary>
    internal static int TokensRead(VisionTransformerArchitecture architecture, IEnumerable<PoolingRecipe> recipes) =>
        recipes.Max(recipe => recipe.KeepsAll ? architecture.Tokens : recipe.Parts.Max(part => part.End(architecture)));
}

/// <summary>One vector of D values computed from tokens.</summary>
/// <param name="Reduction">How the tokens are reduced.</param>
/// <param name="Selection">Which tokens.</param>
internal readonly record struct TokenPart(TokenReduction Reduction, TokenSelection Selection)
{
    /// <summary>Index of the first token.</summary>
    internal int First(VisionTransformerArchitecture architecture) => Selection switch
    {
        TokenSelection.ClassToken => 0,
        TokenSelection.DistillationToken => 1,
        TokenSelection.Patches => architecture.PrefixTokens,
        _ => architecture.UnpooledTokens,
    };

    /// <summary>Index after the last token: one token for a single token; all other selections reach to the end of the sequence.</summary>
    internal int End(VisionTransformerArchitecture architecture) => Reduction == TokenReduction.None ? First(architecture) + 1 : architecture.Tokens;
}

/// <summary>A selection of tokens.</summary>
internal enum TokenSelection
{
    /// <summary>The class token, the first.</summary>
    ClassToken,

    /// <summary>The distillation token, the second.</summary>
    DistillationToken,

    /// <summary>The patch tokens.</summary>
    Patches,

    /// <summary>The patch tokens, and the tokens before them if <see cref="VisionTransformerArchitecture.PoolPrefixTokens"/> is true.</summary>
    Pooled,
}

/// <summary>How the selected tokens are reduced to one vector.</summary>
internal enum TokenReduction
{
    /// <summary>The single token, unchanged.</summary>
    None,

    /// <summary>The mean of each dimension.</summary>
    Mean,

    /// <summary>The maximum of each dimension.</summary>
    Max,

    /// <summary>Attention from a learned query: <c>Network/AttentionPool</c>.</summary>
    Attention,
}

/// <summary>How the parts of a recipe are combined.</summary>
internal enum PartsTogether
{
    /// <summary>Concatenated.</summary>
    SideBySide,

    /// <summary>Averaged.</summary>
    Averaged,
}

/// <summary>Sizes of the embeddings of a network.</summary>
internal static class FeatureSizes
{
    /// <summary>Length of an embedding of the given kind.</summary>
    /// <exception cref="ArgumentException">The network does not produce this kind of embedding.</exception>
    internal static int WidthOf(this VisionTransformerArchitecture architecture, FeatureKind kind)
    {
        var recipe = PoolingRecipe.Of(Guard.Defined(kind));
        Guard.That(
            architecture.ClassToken || recipe is not { ReadsClassToken: true },
            nameof(kind),
            $"The requested features are {kind}, but {architecture.Name} has no class token. "
            + $"Use {nameof(FeatureKind.Pooled)} or {nameof(FeatureKind.Average)}.");
        Guard.That(
            !PoolingRecipe.Of(architecture.Pooling).KeepsAll || kind != FeatureKind.Pooled,
            nameof(kind),
            $"{architecture.Name} does not pool its tokens, so there are no {nameof(FeatureKind.Pooled)} features. "
            + $"Use {nameof(FeatureKind.ClassToken)} or {nameof(FeatureKind.Average)}.");
        Guard.That(
            architecture.Classes > 0 || kind != FeatureKind.HeadOutput,
            nameof(kind),
            $"The requested features are {kind}, but {architecture.Name} has no head. Use {nameof(FeatureKind.Pooled)}.");
        return kind == FeatureKind.HeadOutput
            ? architecture.Classes
            : recipe is null ? architecture.FeatureDimension : recipe.Widths * architecture.EmbeddingDimension;
    }

    /// <summary>How many tokens, counted from the first, an embedding of the given kind reads.</summary>
    internal static int TokensOf(this VisionTransformerArchitecture architecture, FeatureKind kind) =>
        PoolingRecipe.Of(kind) is { } recipe ? PoolingRecipe.TokensRead(architecture, [recipe]) : architecture.HeadTokens;
}
