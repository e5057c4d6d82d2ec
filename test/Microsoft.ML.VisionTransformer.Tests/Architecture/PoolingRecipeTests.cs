// The recipe of each pooling and embedding, which the network, the vectorized code, explanations and the ONNX export follow.
using Microsoft.ML.VisionTransformer.Architecture;

namespace Microsoft.ML.VisionTransformer.Tests.Architecture;

[TestClass]
public sealed class PoolingRecipeTests
{
    /// <summary>A class token, two registers and 3 x 5 patches.</summary>
    private static readonly VisionTransformerArchitecture _architecture = new() { ImageSize = (12, 20), PatchSize = 4, EmbeddingDimension = 8, Heads = 2, RegisterTokens = 2, Classes = 7 };

    [TestMethod]
    [DataRow(TokenPooling.ClassToken, 1, 8, false)]
    [DataRow(TokenPooling.Average, 18, 8, true)]
    [DataRow(TokenPooling.Max, 18, 8, true)]
    [DataRow(TokenPooling.AverageAndMax, 18, 8, true)]
    [DataRow(TokenPooling.Attention, 18, 8, false)]
    [DataRow(TokenPooling.ClassTokenAndAverage, 18, 16, false)]
    [DataRow(TokenPooling.None, 18, 8, false)]
    public void APoolingReadsSomeTokensAndHasAWidth(TokenPooling pooling, int tokensRead, int width, bool normFollows)
    {
        var architecture = _architecture with { Pooling = pooling, Classes = 0 };
        Assert.AreEqual((tokensRead, width, normFollows), (architecture.HeadTokens, architecture.PooledDimension, architecture.NormsPooled));
    }

    [TestMethod]
    [DataRow(FeatureKind.Pooled, 1, 8)]
    [DataRow(FeatureKind.ClassToken, 1, 8)]
    [DataRow(FeatureKind.Average, 18, 8)]
    [DataRow(FeatureKind.ClassTokenAndAverage, 18, 16)]
    [DataRow(FeatureKind.HeadOutput, 1, 7)]
    public void AnEmbeddingReadsSomeTokensAndHasAWidth(FeatureKind kind, int tokensRead, int width) =>
        Assert.AreEqual((tokensRead, width), (_architecture.TokensOf(kind), _architecture.WidthOf(kind)));

    [TestMethod]
    public void EveryPoolingIsDescribed()
    {
        foreach (var pooling in Enum.GetValues<TokenPooling>())
            Assert.AreEqual(pooling == TokenPooling.None, PoolingRecipe.Of(pooling).KeepsAll, $"{pooling}");
    }

    [TestMethod]
    public void EveryEmbeddingButTheHeadsIsDescribed()
    {
        foreach (var kind in Enum.GetValues<FeatureKind>())
            Assert.AreEqual(kind is FeatureKind.Pooled or FeatureKind.HeadOutput, PoolingRecipe.Of(kind) is null, $"{kind}");
    }

    [TestMethod]
    public void PrefixTokensArePooledWhereTheArchitectureSaysSo()
    {
        var mean = PoolingRecipe.Of(TokenPooling.Average).Parts[0];
        Assert.AreEqual((3, 18), (mean.First(_architecture), mean.End(_architecture)));
        Assert.AreEqual((0, 18), (mean.First(_architecture with { PoolPrefixTokens = true }), mean.End(_architecture)));
        Assert.AreEqual(3, PoolingRecipe.Of(FeatureKind.Average)!.Parts[0].First(_architecture with { PoolPrefixTokens = true }), "an embedding of the patches stays one of the patches");
    }

    [TestMethod]
    public void ADistillationTokenHasAHeadOfItsOwn()
    {
        var architecture = _architecture with { DistillationToken = true, RegisterTokens = 0 };
        Assert.AreEqual("0, 1", string.Join(", ", PoolingRecipe.OfHeads(architecture).Select(recipe => recipe.Parts.Single().First(architecture))));
        Assert.AreEqual(2, architecture.HeadTokens);
    }

    [TestMethod]
    public void TheSlopeOfTheTanhIsTheRootOfTwoOverPi() => Assert.IsTrue(GeluConstants.TanhSlope == Math.Sqrt(2 / Math.PI));
}
