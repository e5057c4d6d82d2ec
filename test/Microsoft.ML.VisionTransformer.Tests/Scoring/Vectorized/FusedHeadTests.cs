// The vectorized head: timm's logits as probabilities.
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed class FusedHeadTests
{
    [TestInitialize]
    public void RequireAvx2() => Requires.Avx2();

    [TestMethod]
    [DataRow("vit_plain", 1)]
    [DataRow("vit_plain", 2.5)]
    [DataRow("vit_eps_sensitive", 1)]
    [DataRow("vit_avg_fcnorm", 1)]
    [DataRow("vit_avg_fcnorm_nocls", 1)]
    [DataRow("vit_avg_prenormpool_reg4", 1)]
    [DataRow("clip_gelu_proj", 1)]
    public unsafe void ProbabilitiesAreTheSoftmaxOfTimmsLogits(string name, double temperature)
    {
        using var golden = GoldenModel.Load(name);
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var encoder = new FusedEncoder(NetworkCopy.Of(golden.Network));
        Assert.IsNotNull(encoder.Head, "the head of such a network is one that the vector code has");
        var (pixels, logits) = (golden["input"], golden["logits"]);
        var (count, architecture) = ((int)pixels.size(0), golden.Network.Architecture);
        var tokens = empty([count, architecture.HeadTokens, architecture.EmbeddingDimension]);

        encoder.Encode(pixels.data<float>().ToArray(), count, architecture.HeadTokens, FloatBuffer.Address(tokens));
        float[] found = encoder.Head.Probabilities(FloatBuffer.Address(tokens), count, temperature);

        float[] expected = [.. nn.functional.softmax(logits / temperature, 1).data<float>()];
        Assert.AreEqual(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], found[i], 1e-5, $"probability {i}");
    }

    [TestMethod]
    [DataRow("deit_distilled")]
    [DataRow("siglip_map")]
    public void OtherEndsRunInLibtorch(string name)
    {
        using var golden = GoldenModel.Load(name);
        using var encoder = new FusedEncoder(NetworkCopy.Of(golden.Network));
        Assert.IsNull(encoder.Head);
    }
}
