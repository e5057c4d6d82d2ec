// The vectorized encoder of whole networks: timm's values, independent of batch and threads.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
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

    public static IEnumerable<object[]> GoldenNames => GoldenModel.Names.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(GoldenNames))]
    public void TokensAndOutputsMatchTimm(string name)
    {
        using var golden = GoldenModel.Load(name);
        var architecture = golden.Network.Architecture;
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var encoder = EncoderRuns.EncoderOf(NetworkCopy.Of(golden.Network));

        var tokens = Encode(encoder, golden["input"], architecture.Tokens);

        double difference = golden.Difference("tokens_final", tokens);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"largest difference {difference:g3}, allowed {TokensTolerance:g3}"));
        Assert.IsLessThanOrEqualTo(TokensTolerance, difference);
        if (PoolingRecipe.Of(architecture.Pooling).KeepsAll)
            return;    // its outputs are the tokens
        var (pixels, count) = (golden["input"].data<float>().ToArray(), (int)golden["input"].size(0));
        var kind = architecture.Classes > 0 ? FeatureKind.HeadOutput : FeatureKind.Pooled;
        using var kept = new FloatBuffer((long)count * architecture.HeadTokens * architecture.EmbeddingDimension);
        unsafe
        {
            encoder.Encode(pixels, count, architecture.HeadTokens, kept.Start);
        }

        float[] outputs = encoder.Head.Features(kept, count, kind, normalize: false);

        Assert.IsLessThanOrEqualTo(2e-5, golden.Difference("logits", tensor(outputs, [count, outputs.Length / count])));
    }

    [TestMethod]
    public void AnImagesNumbersDependNeitherOnTheBatchNorOnThreads()
    {
        // Large enough for several threads to work on one image.
        var architecture = _small with { ImageSize = 64, PatchSize = 4, EmbeddingDimension = 96 };
        using var scope = NewDisposeScope();
        using var encoder = EncoderRuns.EncoderOf(CreateNetwork(architecture));
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
        using var encoder = EncoderRuns.EncoderOf(CreateNetwork(_small));
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
        using var encoder = EncoderRuns.EncoderOf(CreateNetwork(_small));
        var good = RandomImages(_small, 1);
        var before = Encode(encoder, good, 1).clone();
        var bad = Encode(encoder, full_like(good, float.NaN), 1);
        Assert.IsTrue(bad.isnan().all().item<bool>(), "an image of NaN gives NaN tokens");
        Assert.IsTrue(Encode(encoder, good, 1).equal(before).all().item<bool>(), "the next image is not affected");
    }

    [TestMethod]
    public void TheWeightsComeBackBitForBit()
    {
        var architecture = _small with { LayerScale = 0.1, QkNorm = true, EmbeddingDimension = 96, Mlp = MlpKind.SwiGlu };
        using var original = CreateNetwork(architecture);
        using var encoder = EncoderRuns.EncoderOf(NetworkCopy.Of(original));
        var expected = original.state_dict();
        var found = encoder.Weights();
        CollectionAssert.AreEquivalent(expected.Keys, found.Keys);
        foreach (var (name, tensor) in expected)
            CollectionAssert.AreEqual(StateValues.Of(tensor), found[name].Values(), name);
    }

    [TestMethod]
    public void MemoryIsGivenBack() => LiveTensors.AssertSameAfter(
        () =>
        {
            using var encoder = EncoderRuns.EncoderOf(CreateNetwork(_small));
            using var images = RandomImages(_small, 3);
            Encode(encoder, images, 1).Dispose();
            encoder.Weights()["blocks.0.attn.qkv.weight"].Open().Dispose();
        },
        parametersCreated: _small.Parameters().Count());

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
