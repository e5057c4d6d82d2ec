// Each kind of pooling and of embedding, described once as data: which tokens, what becomes of them, and how the results are put together.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>
/// How the tokens of an image become one vector. The network, the vector code, the explanation and the ONNX writer all follow this description; a further kind of
/// pooling that consists of these parts is a row here and a value of <see cref="TokenPooling"/>.
/// </summary>
/// <param name="Parts">The parts in their order; none where all tokens come out as they are.</param>
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

    /// <summary>How several parts become one vector.</summary>
    internal PartsTogether Together { get; init; } = PartsTogether.SideBySide;

    /// <summary>Whether the final norm follows the pool where <see cref="VisionTransformerArchitecture.NormAfterPooling"/> leaves it open.</summary>
    internal bool NormFollows { get; init; }

    /// <summary>Width of the result in embedding dimensions.</summary>
    internal int Widths => Together == PartsTogether.SideBySide ? Math.Max(1, Parts.Length) : 1;

    /// <summary>Whether a part is the class token.</summary>
    internal bool ReadsClassToken => Parts.Any(part => part.Selection == TokenSelection.ClassToken);

    /// <summary>Whether a part is made by attention, which has weights of its own.</summary>
    internal bool Attends => Parts.Any(part => part.Reduction == TokenReduction.Attention);

    /// <summary>Whether all tokens come out as they are.</summary>
    internal bool KeepsAll => Parts.Length == 0;

    /// <summary>The recipe of a pooling.</summary>
    internal static PoolingRecipe Of(TokenPooling pooling) => _poolings[pooling];

    /// <summary>What each head sees: one recipe, or with a distillation token one for each of the two heads.</summary>
    internal static IReadOnlyList<PoolingRecipe> OfHeads(VisionTransformerArchitecture architecture) =>
        architecture.DistillationToken ? [Of(architecture.Pooling), _ofDistillationHead] : [Of(architecture.Pooling)];

    /// <summary>The recipe of an embedding that is not made by the network's own pooling; null where it is.</summary>
    internal static PoolingRecipe? Of(FeatureKind kind) => _embeddings.GetValueOrDefault(kind);

    /// <summary>How many tokens, from the first, some recipes read.</summary>
    internal static int TokensRead(VisionTransformerArchitecture architecture, IEnumerable<PoolingRecipe> recipes) =>
        recipes.Max(recipe => recipe.KeepsAll ? architecture.Tokens : recipe.Parts.Max(part => part.End(architecture)));
}

/// <summary>One vector of D values that is made of tokens.</summary>
/// <param name="Reduction">What becomes of the tokens.</param>
/// <param name="Selection">Which tokens.</param>
internal readonly record struct TokenPart(TokenReduction Reduction, TokenSelection Selection)
{
    /// <summary>The first of the tokens in the stream.</summary>
    internal int First(VisionTransformerArchitecture architecture) => Selection switch
    {
        TokenSelection.ClassToken => 0,
        TokenSelection.DistillationToken => 1,
        TokenSelection.Patches => architecture.PrefixTokens,
        _ => architecture.UnpooledTokens,
    };

    /// <summary>The token behind the last one: a single token is one, others reach to the end of the stream.</summary>
    internal int End(VisionTransformerArchitecture architecture) => Reduction == TokenReduction.None ? First(architecture) + 1 : architecture.Tokens;
}

/// <summary>Which tokens of the stream are meant.</summary>
internal enum TokenSelection
{
    /// <summary>The class token, the first.</summary>
    ClassToken,

    /// <summary>The distillation token, the second.</summary>
    DistillationToken,

    /// <summary>The patch tokens.</summary>
    Patches,

    /// <summary>The patch tokens, and those before them where <see cref="VisionTransformerArchitecture.PoolPrefixTokens"/> says so.</summary>
    Pooled,
}

/// <summary>What becomes of the selected tokens, dimension by dimension or by attention.</summary>
internal enum TokenReduction
{
    /// <summary>The one token as it is.</summary>
    None,

    /// <summary>The mean.</summary>
    Mean,

    /// <summary>The maximum.</summary>
    Max,

    /// <summary>Attention from a learned query: <c>Network/AttentionPool</c>.</summary>
    Attention,
}

/// <summary>How the parts of a recipe become one vector.</summary>
internal enum PartsTogether
{
    /// <summary>One behind the other.</summary>
    SideBySide,

    /// <summary>Their mean.</summary>
    Averaged,
}

/// <summary>Sizes of the embeddings of a network.</summary>
internal static class FeatureSizes
{
    /// <summary>Values of an embedding of that kind.</summary>
    /// <exception cref="ArgumentException">The network cannot give it.</exception>
    internal static int WidthOf(this VisionTransformerArchitecture architecture, FeatureKind kind)
    {
        var recipe = PoolingRecipe.Of(Guard.Defined(kind));
        Guard.That(
            architecture.ClassToken || recipe is not { ReadsClassToken: true },
            nameof(kind),
            $"The features asked for are {kind}, but {architecture.Name} has no class token. Take {nameof(FeatureKind.Pooled)} or {nameof(FeatureKind.Average)}.");
        Guard.That(
            !PoolingRecipe.Of(architecture.Pooling).KeepsAll || kind != FeatureKind.Pooled,
            nameof(kind),
            $"{architecture.Name} does not pool its tokens, so there are no {nameof(FeatureKind.Pooled)} features. Take {nameof(FeatureKind.ClassToken)} or {nameof(FeatureKind.Average)}.");
        Guard.That(
            architecture.Classes > 0 || kind != FeatureKind.HeadOutput,
            nameof(kind),
            $"The features asked for are {kind}, but {architecture.Name} has no head. Take {nameof(FeatureKind.Pooled)}.");
        return kind == FeatureKind.HeadOutput
            ? architecture.Classes
            : recipe is null ? architecture.FeatureDimension : recipe.Widths * architecture.EmbeddingDimension;
    }

    /// <summary>How many tokens, from the first, an embedding of that kind is made of.</summary>
    internal static int TokensOf(this VisionTransformerArchitecture architecture, FeatureKind kind) =>
        PoolingRecipe.Of(kind) is { } recipe ? PoolingRecipe.TokensRead(architecture, [recipe]) : architecture.HeadTokens;
}
