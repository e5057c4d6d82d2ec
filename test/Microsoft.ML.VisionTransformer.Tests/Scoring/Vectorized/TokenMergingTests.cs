// Token merging in the vectorized code, against a plain implementation of the paper's method in libtorch.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized.EncoderRuns;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed class TokenMergingTests
{
    private static readonly VisionTransformerArchitecture _small = new()
    {
        ImageSize = 40,
        PatchSize = 8,
        EmbeddingDimension = 48,
        Depth = 3,
        Heads = 3,
        Classes = 5,
        MlpRatio = 2,
    };

    [TestMethod]
    [DataRow(1, 0)]
    [DataRow(5, 0)]
    [DataRow(100, 0)]
    [DataRow(5, 1)]
    [DataRow(5, 4)]
    public void ClassTokensAreThoseOfThePapersMethod(int merged, int registers)
    {
        var architecture = _small with { RegisterTokens = registers };
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var network = CreateNetwork(architecture);
        using var encoder = EncoderRuns.EncoderOf(CreateNetwork(architecture));
        var images = RandomImages(architecture, 4);

        var found = Encode(encoder, images, 1, merged);

        for (int image = 0; image < 4; image++)
        {
            var expected = MergedTokens.ClassToken(network, images.narrow(0, image, 1), merged);
            double difference = (found[image, 0] - expected).abs().max().item<float>();
            Assert.IsLessThanOrEqualTo(2e-5, difference, $"image {image}");
        }
    }

    [TestMethod]
    public void WithoutMergingTheNumbersAreTheSameBitForBit()
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderRuns.EncoderOf(CreateNetwork(_small));
        var images = RandomImages(_small, 3);
        var before = Encode(encoder, images, _small.Tokens, merged: 0);
        var merged = Encode(encoder, images, _small.Tokens, merged: 4);
        Assert.IsFalse(merged.equal(before).all().item<bool>(), "merging changes values");
        Assert.IsTrue(Encode(encoder, images, _small.Tokens, merged: 0).equal(before).all().item<bool>(), "what was merged before leaves nothing behind");
    }

    [TestMethod]
    public void EachPatchGetsTheTokenThatItBecamePartOf()
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderRuns.EncoderOf(CreateNetwork(_small with { Depth = 1 }));
        var tokens = Encode(encoder, RandomImages(_small, 1), _small.Tokens, merged: 5)[0];
        Assert.AreEqual(_small.Tokens - 5, Different(tokens));
    }

    [TestMethod]
    public void AnImagesNumbersDependNeitherOnTheBatchNorOnThreads()
    {
        var architecture = _small with { ImageSize = 64, PatchSize = 4, EmbeddingDimension = 96 };
        using var scope = NewDisposeScope();
        using var encoder = EncoderRuns.EncoderOf(CreateNetwork(architecture));
        var images = RandomImages(architecture, 5);
        var together = Encode(encoder, images, 1, merged: 16);
        for (int image = 0; image < 5; image++)
            Assert.IsTrue(Encode(encoder, images.narrow(0, image, 1).contiguous(), 1, merged: 16).equal(together.narrow(0, image, 1)).all().item<bool>(), $"image {image}");
    }

    [TestMethod]
    public void MemoryIsGivenBack() => LiveTensors.AssertSameAfter(
        () =>
        {
            using var encoder = EncoderRuns.EncoderOf(CreateNetwork(_small));
            using var images = RandomImages(_small, 3);
            Encode(encoder, images, 1, merged: 4).Dispose();
        },
        parametersCreated: _small.Parameters().Count());

    private static long Different(Tensor rows)
    {
        float[] first = rows.narrow(1, 0, 1).contiguous().data<float>().ToArray();
        return first.Distinct().LongCount();
    }
}
