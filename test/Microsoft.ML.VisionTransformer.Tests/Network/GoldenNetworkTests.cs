// The network against timm's values.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class GoldenNetworkTests
{
    // timm's own float32 rounding against float64 is at most 3.3e-6 in logits and 7.1e-6 in tokens; the tanh GELU instead of the exact one
    // changes logits by as little as 1.2e-4. The tolerances are between the two.
    private const double LogitsTolerance = 2e-5, TokensTolerance = 1e-4, AttentionTolerance = 5e-6;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("clip_gelu_proj")]
    [DataRow("clip_quickgelu")]
    [DataRow("deit3_layerscale_droppath")]
    [DataRow("deit_distilled")]
    [DataRow("dinov2_mlp")]
    [DataRow("dinov2_reg4_mlp")]
    [DataRow("dinov2_reg4_swiglu")]
    [DataRow("dinov3_mlp")]
    [DataRow("dinov3_qkvb_avg")]
    [DataRow("dinov3_swiglu")]
    [DataRow("eva02_base_split")]
    [DataRow("eva02_clip")]
    [DataRow("eva02_tiny")]
    [DataRow("eva_giant_abs")]
    [DataRow("siglip_map")]
    [DataRow("siglip_map_reg4")]
    [DataRow("vit_avg_fcnorm")]
    [DataRow("vit_avg_fcnorm_nocls")]
    [DataRow("vit_avg_include_prefix")]
    [DataRow("vit_avg_prenormpool_reg4")]
    [DataRow("vit_avgmax_pool")]
    [DataRow("vit_eps_sensitive")]
    [DataRow("vit_feature_extractor")]
    [DataRow("vit_in_chans_1")]
    [DataRow("vit_in_chans_4")]
    [DataRow("vit_max_pool")]
    [DataRow("vit_no_pool_tokens")]
    [DataRow("vit_no_posembed")]
    [DataRow("vit_no_qkv_bias")]
    [DataRow("vit_nonsquare")]
    [DataRow("vit_nonsquare_patch")]
    [DataRow("vit_overlap")]
    [DataRow("vit_plain")]
    [DataRow("vit_qk_attn_mlp_norm")]
    [DataRow("vit_qk_norm")]
    public void EveryStageMatchesTimm(string name)
    {
        using var golden = GoldenModel.Load(name);
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var network = golden.Network;
        var blocks = CaptureBlocks(network);

        var embedded = network.Embed(golden["input"]);
        var tokens = network.ForwardFeatures(golden["input"]);

        AssertClose(golden, "tokens_after_embed", embedded, TokensTolerance);
        AssertClose(golden, "block_0", blocks[0], TokensTolerance);
        AssertClose(golden, "block_last", blocks[^1], TokensTolerance);
        AssertClose(golden, "tokens_final", tokens, TokensTolerance);
        AssertClose(golden, "pooled", network.ForwardHead(tokens, preLogits: true), LogitsTolerance);
        AssertClose(golden, "logits", network.ForwardHead(tokens), LogitsTolerance);
        AssertClose(golden, "logits", network.call(golden["input"]), LogitsTolerance);
        if (network.Rotary?.For(CPU, ScalarType.Float32) is { } rotary)
        {
            AssertClose(golden, "rope_sin", rotary.Sines, AttentionTolerance);
            AssertClose(golden, "rope_cos", rotary.Cosines, AttentionTolerance);
        }
    }

    [TestMethod]
    public void ARotaryNetworkTakesItsWeightsToAnotherGrid()
    {
        using var golden = GoldenModel.Load("dinov3_mlp");
        using var network = new VisionTransformerNetwork(golden.Network.Architecture with { ImageSize = (32, 64) });
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        network.load_state_dict(golden.Network.state_dict());
        network.eval();

        AssertClose(golden, "alt_logits", network.call(golden["alt_input"]), LogitsTolerance);
    }

    [TestMethod]
    public void InferenceModeGivesTheSameLogits()
    {
        using var golden = GoldenModel.Load("vit_plain");
        using var inference = inference_mode();
        using var logits = golden.Network.call(golden["input"]);
        AssertClose(golden, "logits", logits, LogitsTolerance);
    }

    [TestMethod]
    public void AttentionWeightsMatchTimm()
    {
        using var golden = GoldenModel.Load("vit_plain");
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();

        var weights = golden.Network.AttentionWeights(golden["input"]);

        AssertClose(golden, "attention_0", weights[0], AttentionTolerance);
        AssertClose(golden, "attention_last", weights[^1], AttentionTolerance);
    }

    private static List<Tensor> CaptureBlocks(VisionTransformerNetwork network)
    {
        var outputs = new List<Tensor>();
        foreach (var block in network.modules().OfType<TransformerBlock>())
            block.register_forward_hook((_, _, _, _, output) =>
            {
                outputs.Add(output.clone().MoveToOuterDisposeScope());
                return output;
            });
        return outputs;
    }

    private void AssertClose(GoldenModel golden, string name, Tensor actual, double tolerance)
    {
        double difference = golden.Difference(name, actual);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: largest difference {difference:g3}, allowed {tolerance:g3}"));
        Assert.IsLessThanOrEqualTo(tolerance, difference, name);
    }
}
