// The rotation of queries and keys: that of the network's module.
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed unsafe class FusedRotationTests
{
    [TestMethod]
    [DataRow(RotaryLayout.Eva02)]
    [DataRow(RotaryLayout.Dinov3)]
    public void QueriesAndKeysOfPatchesAreRotatedAndValuesAreNot(RotaryLayout layout)
    {
        var architecture = new VisionTransformerArchitecture
        {
            EmbeddingDimension = 24,
            Heads = 3,
            ImageSize = (32, 48),
            PatchSize = 16,
            RegisterTokens = 2,
            Rotary = new() { Layout = layout },
        };
        int tokens = architecture.Tokens, dimension = architecture.EmbeddingDimension, heads = architecture.Heads;
        var random = new Random(1);
        float[] before = [.. Enumerable.Range(0, tokens * 3 * dimension).Select(_ => random.NextSingle() - 0.5f)], after = [.. before];

        fixed (float* qkv = after)
            FusedRotation.Of(architecture)!.Rotate(new FusedRows(qkv, 3 * dimension), 0, tokens);

        using var scope = NewDisposeScope();
        using var table = new RotaryTable(architecture);
        var parts = tensor(before, [1, tokens, 3, heads, dimension / heads]).permute(2, 0, 3, 1, 4).unbind(0);
        var expected = stack([table.Rotate(parts[0]), table.Rotate(parts[1]), parts[2]]).permute(1, 3, 0, 2, 4).contiguous();
        float[] values = [.. expected.data<float>()];
        for (int i = 0; i < values.Length; i++)
            Assert.AreEqual(values[i], after[i], 1e-6, $"value {i}");
    }

    [TestMethod]
    public void ANetworkWithoutRotaryPositionsHasNone() => Assert.IsNull(FusedRotation.Of(new VisionTransformerArchitecture()));
}
