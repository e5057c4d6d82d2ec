// int8 weights: the nearest bytes, restored without loss.
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Tests.Weights;

[TestClass]
public sealed class Int8WeightsTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void EachWeightIsTheNearestByte(bool limitPairs)
    {
        float[] weights = Random(777, 1);
        sbyte[] bytes = new sbyte[weights.Length];

        float scale = Int8Weights.Quantize(weights, bytes, limitPairs);

        for (int i = 0; i < weights.Length; i++)
            Assert.AreEqual(weights[i], bytes[i] * scale, scale * 0.501, $"weight {i}");
        if (!limitPairs)
            Assert.AreEqual(127, bytes.Max(b => Math.Abs((int)b)), "the largest weight has the largest byte");
    }

    [TestMethod]
    public void NeighborsOfTheSameSignAddUpToAtMost128()
    {
        var random = new Random(3);
        for (int round = 0; round < 200; round++)
        {
            // A few equal values make pairs that reach the limit.
            float[] weights = [.. Random(64, round).Select(w => random.Next(2) == 0 ? MathF.Round(w) : w)];
            sbyte[] bytes = new sbyte[weights.Length];
            Int8Weights.Quantize(weights, bytes, limitPairs: true);
            for (int i = 1; i < bytes.Length; i += 2)
            {
                int sum = bytes[i - 1] + bytes[i];
                Assert.IsLessThanOrEqualTo(128, Math.Abs(sum), $"round {round}, pair {i / 2}");
            }
        }
    }

    [TestMethod]
    [DataRow(0f)]
    [DataRow(1e-41f)]
    public void WeightsOfZeroStayZero(float weight)
    {
        sbyte[] bytes = [1, 2, 3];

        Assert.AreEqual(0, Int8Weights.Quantize([weight, 0, -weight], bytes));

        CollectionAssert.AreEqual(new sbyte[3], bytes);
    }

    [TestMethod]
    public void StoringRestoredWeightsGivesTheSameBytes()
    {
        float[] weights = Random(40 * 30, 5);
        byte[] stored = Int8Weights.Store(weights, outputs: 40);
        float[] restored = new float[weights.Length];
        Int8Weights.Restore([.. stored], 40, restored);

        Assert.HasCount((40 * sizeof(float)) + weights.Length, stored);
        CollectionAssert.AreEqual(stored, Int8Weights.Store(restored, 40));
        for (int i = 0; i < weights.Length; i++)
            Assert.AreEqual(weights[i], restored[i], 0.02);
    }

    [TestMethod]
    [DataRow("blocks.0.attn.qkv.weight", true)]
    [DataRow("blocks.11.mlp.fc2.weight", true)]
    [DataRow("head.weight", false)]
    [DataRow("attn_pool.kv.weight", false)]
    public void OnlyTheLinearLayersOfBlocksAreQuantized(string name, bool included) => Assert.AreEqual(included, Int8Weights.Include(name, [8, 4]));

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2)];
    }
}
