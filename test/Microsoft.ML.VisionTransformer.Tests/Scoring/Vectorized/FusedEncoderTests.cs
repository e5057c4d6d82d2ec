// The vectorized encoder of whole networks: timm's values, independent of batch and threads.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized.EncoderRuns;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed class FusedEncoderTests
{
    // As for the network in libtorch.
    private const double TokensTolerance = 1e-4;

    private static readonly VisionTransformerArchitecture _small = new()
    {
        ImageSize = 32,
        PatchSize = 8,
        EmbeddingDimension = 48,
        Depth = 2,
        Heads = 3,
        Classes = 5,
        MlpRatio = 2,
    };

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void RequireAvx2() => Requires.Avx2();

    [TestMethod]
    [DataRow("clip_gelu_proj", true)]
    [DataRow("clip_quickgelu", true)]
    [DataRow("deit3_layerscale_droppath", true)]
    [DataRow("deit_distilled", true)]
    [DataRow("dinov2_mlp", false)]
    [DataRow("dinov2_reg4_mlp", false)]
    [DataRow("dinov2_reg4_swiglu", false)]
    [DataRow("dinov3_mlp", false)]
    [DataRow("eva02_tiny", false)]
    [DataRow("eva_giant_abs", false)]
    [DataRow("siglip_map", true)]
    [DataRow("siglip_map_reg4", false)]
    [DataRow("vit_avg_fcnorm", true)]
    [DataRow("vit_avg_fcnorm_nocls", true)]
    [DataRow("vit_avg_prenormpool_reg4", true)]
    [DataRow("vit_eps_sensitive", true)]
    [DataRow("vit_in_chans_1", true)]
    [DataRow("vit_in_chans_4", true)]
    [DataRow("vit_no_pool_tokens", true)]
    [DataRow("vit_no_posembed", true)]
    [DataRow("vit_no_qkv_bias", true)]
    [DataRow("vit_nonsquare", true)]
    [DataRow("vit_nonsquare_patch", true)]
    [DataRow("vit_overlap", true)]
    [DataRow("vit_plain", true)]
    [DataRow("vit_qk_attn_mlp_norm", true)]
    [DataRow("vit_qk_norm", true)]
    public void TokensMatchTimmWhereTheArchitectureFits(string name, bool fits)
    {
        using var golden = GoldenModel.Load(name);
        var architecture = golden.Network.Architecture;
        Assert.AreEqual(fits, FusedShape.Fits(architecture), "whether the vector code has what the architecture asks for");
        if (!fits)
            return;
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var encoder = new FusedEncoder(NetworkCopy.Of(golden.Network));

        var tokens = Encode(encoder, golden["input"], architecture.Tokens);

        double difference = golden.Difference("tokens_final", tokens);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"largest difference {difference:g3}, allowed {TokensTolerance:g3}"));
        Assert.IsLessThanOrEqualTo(TokensTolerance, difference);
        Assert.IsLessThanOrEqualTo(2e-5, golden.Difference("logits", encoder.Network.ForwardHead(tokens)));
    }

    [TestMethod]
    public void AnImagesNumbersDependNeitherOnTheBatchNorOnThreads()
    {
        // Large enough for several threads to work on one image.
        var architecture = _small with { ImageSize = 64, PatchSize = 4, EmbeddingDimension = 96 };
        using var scope = NewDisposeScope();
        using var encoder = new FusedEncoder(CreateNetwork(architecture));
        var images = RandomImages(architecture, 5);
        var together = Encode(encoder, images, architecture.Tokens);
        for (int image = 0; image < 5; image++)
        {
            var alone = Encode(encoder, images.narrow(0, image, 1).contiguous(), architecture.Tokens);
            Assert.IsTrue(alone.equal(together.narrow(0, image, 1)).all().item<bool>(), $"image {image}, alone and in a batch of five");
        }
    }

    [TestMethod]
    public void ManyThreadsGetTheNumbersOfOne()
    {
        using var encoder = new FusedEncoder(CreateNetwork(_small));
        using var images = RandomImages(_small, 16);
        float[] pixels = images.data<float>().ToArray();
        int length = pixels.Length / 16, width = _small.EmbeddingDimension;
        float[] expected = Values(encoder, pixels, 16, width);
        float[][] found = new float[16 * 20][];
        Parallel.For(0, found.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => found[i] = Values(encoder, pixels.AsSpan(i % 16 * length, length), 1, width));
        for (int i = 0; i < found.Length; i++)
            CollectionAssert.AreEqual(expected[(i % 16 * width)..((i % 16 * width) + width)], found[i], $"call {i}");
    }

    [TestMethod]
    public void AnImageOfNoNumbersLeavesTheOthersAsTheyWere()
    {
        using var scope = NewDisposeScope();
        using var encoder = new FusedEncoder(CreateNetwork(_small));
        var good = RandomImages(_small, 1);
        var before = Encode(encoder, good, 1).clone();
        var bad = Encode(encoder, full_like(good, float.NaN), 1);
        Assert.IsTrue(bad.isnan().all().item<bool>(), "an image of NaN gives NaN tokens");
        Assert.IsTrue(Encode(encoder, good, 1).equal(before).all().item<bool>(), "the next image is not affected");
    }

    [TestMethod]
    public void TheNetworkComesBackBitForBit()
    {
        var architecture = _small with { LayerScale = 0.1, QkNorm = true, EmbeddingDimension = 96, Mlp = MlpKind.SwiGlu };
        using var original = CreateNetwork(architecture);
        using var encoder = new FusedEncoder(NetworkCopy.Of(original));
        using var restored = encoder.Restore();
        var expected = original.state_dict();
        var found = restored.state_dict();
        CollectionAssert.AreEquivalent(expected.Keys, found.Keys);
        foreach (var (name, tensor) in expected)
            Assert.IsTrue(tensor.bytes.SequenceEqual(found[name].bytes), name);
    }

    [TestMethod]
    public void MemoryIsGivenBack() => LiveTensors.AssertSameAfter(
        () =>
        {
            using var encoder = new FusedEncoder(CreateNetwork(_small));
            using var images = RandomImages(_small, 3);
            Encode(encoder, images, 1).Dispose();
            encoder.Restore().Dispose();
        },
        parametersCreated: 2 * _small.Parameters().Count());

    private static float[] Values(FusedEncoder encoder, ReadOnlySpan<float> pixels, int count, int width)
    {
        using var buffer = new FloatBuffer((long)count * width);
        unsafe
        {
            encoder.Encode(pixels, count, 1, buffer.Start);
            return new ReadOnlySpan<float>(buffer.Start, count * width).ToArray();
        }
    }
}
