// Maps of networks of every kind; computing them leaves no side effects.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Explain;

[TestClass]
public sealed class AttentionMapsTests
{
    [TestMethod]
    [DataRow("vit_plain")]
    [DataRow("vit_avg_fcnorm")]
    [DataRow("vit_overlap")]
    [DataRow("vit_nonsquare")]
    [DataRow("vit_in_chans_4")]
    [DataRow("deit_distilled")]
    [DataRow("deit3_layerscale_droppath")]
    [DataRow("dinov2_reg4_swiglu")]
    [DataRow("dinov3_swiglu")]
    [DataRow("clip_quickgelu")]
    [DataRow("eva02_clip")]
    [DataRow("siglip_map")]
    [DataRow("siglip_map_reg4")]
    [DataRow("vit_avg_include_prefix")]
    [DataRow("vit_avg_prenormpool_reg4")]
    [DataRow("vit_max_pool")]
    [DataRow("vit_avgmax_pool")]
    [DataRow("vit_qk_attn_mlp_norm")]
    public void EveryNetworkHasBothMaps(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load(name);
        var (network, input) = (golden.Network, golden["input"]);
        int patches = network.Architecture.PatchTokens;
        using var logits = network.call(input);

        foreach (var method in Enum.GetValues<ExplanationMethod>())
        {
            var maps = network.Explain(input, method, target: null, temperature: 1);

            Assert.HasCount(2 * patches, maps.Values);
            Assert.IsTrue(maps.Values.All(v => float.IsFinite(v) && v >= 0), "a value is negative or no number");
            Assert.AreNotEqual(maps.Values.Min(), maps.Values.Max());
            CollectionAssert.AreEqual(logits.argmax(1).data<long>().ToArray(), maps.Classes.Select(c => (long)c).ToArray());
        }

        Assert.IsTrue(network.parameters().All(p => p.grad is null), "a weight has a gradient");
    }

    [TestMethod]
    [DataRow("vit_plain")]
    [DataRow("siglip_map")]
    [DataRow("deit_distilled")]
    public void TheLogitsOfTheTraceAreTheNetworks(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load(name);

        Assert.IsLessThanOrEqualTo(2e-5, golden.Difference("logits", golden.Network.Trace(golden["input"]).Logits));
    }

    [TestMethod]
    public void TheAttentionPoolsWeightsAreOfItsOwnTokens()
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load("siglip_map_reg4");

        var trace = golden.Network.Trace(golden["input"]);

        Assert.AreEqual(golden.Network.Architecture.PatchTokens, (int)trace.Pool!.size(-1));
        trace.Pool.sum(-1).AssertValues(1e-5, [.. Enumerable.Repeat(1.0, 2 * golden.Network.Architecture.Heads)]);
    }

    [TestMethod]
    public void ImagesOfABatchDoNotSeeEachOther()
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load("vit_plain");
        var input = golden["input"];

        var both = golden.Network.Explain(input, ExplanationMethod.GradientAttention, null, 1);
        var second = golden.Network.Explain(input.narrow(0, 1, 1), ExplanationMethod.GradientAttention, null, 1);

        for (int i = 0; i < 16; i++)
            Assert.AreEqual(second.Values[i], both.Values[16 + i], 1e-6);
    }

    [TestMethod]
    public void TheGradientMapIsAboutItsClassAndRolloutIsNot()
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load("vit_plain");
        float[] Map(ExplanationMethod method, int target) => golden.Network.Explain(golden["input"], method, target, 1).Values;

        CollectionAssert.AreNotEqual(Map(ExplanationMethod.GradientAttention, 1), Map(ExplanationMethod.GradientAttention, 2));
        CollectionAssert.AreEqual(Map(ExplanationMethod.Rollout, 1), Map(ExplanationMethod.Rollout, 2));
    }

    [TestMethod]
    public void TheProbabilityIsTheClasssAtThatTemperature()
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load("vit_plain");

        var maps = golden.Network.Explain(golden["input"], ExplanationMethod.GradientAttention, target: 4, temperature: 2);

        tensor(maps.Probabilities).AssertValues(1e-5, [.. golden["logits"].mul(0.5).softmax(1).select(1, 4).Values().Select(v => (double)v)]);
    }

    [TestMethod]
    public void FrozenWeightsAndInferenceModeOfTheCallerAreNoHindrance()
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load("vit_plain");
        float[] expected = golden.Network.Explain(golden["input"], ExplanationMethod.GradientAttention, null, 1).Values;
        foreach (var parameter in golden.Network.parameters())
            parameter.requires_grad = false;

        using var inference = inference_mode();
        using var madeThere = golden["input"].clone();

        CollectionAssert.AreEqual(expected, golden.Network.Explain(madeThere, ExplanationMethod.GradientAttention, null, 1).Values);
    }

    [TestMethod]
    [DataRow("vit_plain", ExplanationMethod.GradientAttention)]
    [DataRow("vit_plain", ExplanationMethod.Rollout)]
    [DataRow("siglip_map", ExplanationMethod.GradientAttention)]
    [DataRow("dinov3_swiglu", ExplanationMethod.GradientAttention)]
    public void AllTensorsComeBack(string name, ExplanationMethod method)
    {
        using var golden = GoldenModel.Load(name);
        LiveTensors.AssertSameAfter(() => golden.Network.Explain(golden["input"], method, null, 1));
    }

    [TestMethod]
    public void MaxPoolingSharesAreTheDimensionsWon()
    {
        using var scope = NewDisposeScope();
        var architecture = TinyNetwork.Architecture with { Pooling = TokenPooling.Max };
        // The class token, which the pool excludes, is the largest everywhere; then three tokens of four dimensions.
        var tokens = tensor([9f, 9f, 9f, 9f, 1f, 2f, 3f, 0f, 4f, 1f, 1f, 1f, 0f, 3f, 4f, 5f], [1, 4, 4]);

        PooledTokenWeights.Of(architecture, tokens).AssertValues(1e-6, 0, 0, 0.25, 0.75);
        PooledTokenWeights.Of(architecture with { Pooling = TokenPooling.Average }, tokens).AssertValues(1e-6, 0, 1 / 3.0, 1 / 3.0, 1 / 3.0);
        PooledTokenWeights.Of(architecture with { Pooling = TokenPooling.AverageAndMax }, tokens).AssertValues(1e-6, 0, 1 / 6.0, 7 / 24.0, 13 / 24.0);
        PooledTokenWeights.Of(architecture with { Pooling = TokenPooling.ClassTokenAndAverage }, tokens).AssertValues(1e-6, 0.5, 1 / 6.0, 1 / 6.0, 1 / 6.0);
        PooledTokenWeights.Of(architecture with { Pooling = TokenPooling.ClassToken, DistillationToken = true }, tokens).AssertValues(1e-6, 0.5, 0.5, 0, 0);
    }

    [TestMethod]
    public void ANetworkWithoutAHeadIsRefusedWithTheReason()
    {
        using var golden = GoldenModel.Load("vit_feature_extractor");

        var error = Assert.ThrowsExactly<NotSupportedException>(() => golden.Network.Explain(golden["input"], ExplanationMethod.Rollout, null, 1));

        Assert.Contains("no classification head", error.Message);
    }
}
