// The vectorized head: timm's logits as probabilities.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed class FusedHeadTests
{
    [TestMethod]
    [DataRow("vit_plain", 1)]
    [DataRow("vit_plain", 2.5)]
    [DataRow("vit_eps_sensitive", 1)]
    [DataRow("vit_avg_fcnorm", 1)]
    [DataRow("vit_avg_fcnorm_nocls", 1)]
    [DataRow("vit_avg_prenormpool_reg4", 1)]
    [DataRow("clip_gelu_proj", 1)]
    [DataRow("deit_distilled", 1)]
    [DataRow("siglip_map", 1)]
    public unsafe void ProbabilitiesAreTheSoftmaxOfTimmsLogits(string name, double temperature)
    {
        using var golden = GoldenModel.Load(name);
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var encoder = EncoderRuns.EncoderOf(NetworkCopy.Of(golden.Network));
        var (pixels, logits) = (golden["input"], golden["logits"]);
        var (count, architecture) = ((int)pixels.size(0), golden.Network.Architecture);
        using var tokens = new FloatBuffer((long)count * architecture.HeadTokens * architecture.EmbeddingDimension);

        encoder.Encode(pixels.data<float>().ToArray(), count, architecture.HeadTokens, tokens.Start);
        float[] found = encoder.Head.Probabilities(tokens, count, temperature);

        float[] expected = [.. nn.functional.softmax(logits / temperature, 1).data<float>()];
        Assert.AreEqual(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], found[i], 1e-5, $"probability {i}");
    }
}
