// The fixed position table: its values and its use in the network.
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Weights;

[TestClass]
public sealed class SinCosPositionsTests
{
    [TestMethod]
    public void TheTableIsColumnThenRow()
    {
        var architecture = TinyNetwork.Architecture with
        {
            ImageSize = (8, 12),
            PatchSize = 4,
            EmbeddingDimension = 8,
            Heads = 2,
            PositionEmbedding = PositionEmbedding.SinCos2D,
        };
        float[] table = new float[7 * 8];
        SinCosPositions.Fill(table, architecture);

        float[][] tokens = [.. table.Chunk(8)];
        // Two frequencies: 1 and 10000^(-1/2) = 0.01.
        AssertToken(tokens[0], 0, 0, 0, 0, 0, 0, 0, 0);
        AssertToken(tokens[1], 0, 0, 1, 1, 0, 0, 1, 1);
        AssertToken(tokens[3], 0.9092974, 0.0199987, -0.4161468, 0.9998000, 0, 0, 1, 1);
        AssertToken(tokens[4], 0, 0, 1, 1, 0.8414710, 0.0099998, 0.5403023, 0.9999500);
    }

    [TestMethod]
    public void TheTableIsABufferThatMovesWithTheNetwork()
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { PositionEmbedding = PositionEmbedding.SinCos2D });

        Assert.IsFalse(network.named_parameters().Any(p => p.name == "pos_embed"));
        Assert.IsTrue(network.state_dict().ContainsKey("pos_embed"));
        network.to(ScalarType.BFloat16);
        using var images = TinyNetwork.Images(2).to(ScalarType.BFloat16);
        using var logits = network.call(images);
        Assert.AreEqual(ScalarType.BFloat16, logits.dtype);
    }

    private static void AssertToken(float[] actual, params double[] expected)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6, $"value {i}");
    }
}
