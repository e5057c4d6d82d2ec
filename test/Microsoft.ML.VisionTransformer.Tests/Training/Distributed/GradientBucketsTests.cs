// How flat gradients are split into buckets, and when a bucket may be sent.
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Optimizers;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Distributed;

[TestClass]
public sealed class GradientBucketsTests
{
    private static readonly LayerDecay _rates = new(Depth: 2, Decay: 1, HeadFactor: 1);

    [TestMethod]
    public void BucketsCoverEveryNumberOnceAndTheLastLayersComeFirst()
    {
        ParameterRange[] layout =
        [
            new("patch_embed.proj.weight", 0, 30), new("norm_pre.weight", 30, 5), new("blocks.0.attn.qkv.weight", 35, 70), new("blocks.1.attn.qkv.weight", 105, 70),
            new("head.weight", 175, 11), new("blocks.0.norm1.bias", 186, 3), new("norm.bias", 189, 3), new("head.bias", 192, 2),
        ];

        var buckets = GradientBuckets.Cut(layout, _rates, length: 60);

        CollectionAssert.AreEqual(
            new[] { (2, 105L, 70L), (1, 175L, 19L), (0, 0L, 105L) },
            buckets);
    }

    [TestMethod]
    [DataRow("norm_pre.weight", 0)]
    [DataRow("pos_embed", 0)]
    [DataRow("blocks.1.mlp.fc1.bias", 2)]
    [DataRow("norm.weight", 2)]
    [DataRow("head.weight", 3)]
    public void AParameterIsDoneWithTheLowestLayerThatUsesIt(string name, int layer) => Assert.AreEqual(layer, _rates.FinishedWith(name));
}
