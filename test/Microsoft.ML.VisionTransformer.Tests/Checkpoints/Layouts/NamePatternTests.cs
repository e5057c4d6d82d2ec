// Patterns of names with a block index, valid and malicious.
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class NamePatternTests
{
    [TestMethod]
    public void EachNumberMayBeTheBlocks()
    {
        var readings = NamePattern.Readings("encoder_layer_11.mlp.3.bias").ToArray();

        CollectionAssert.AreEqual(
            new (string, int?)[] { ("encoder_layer_11.mlp.3.bias", null), ("encoder_layer_{}.mlp.3.bias", 11), ("encoder_layer_11.mlp.{}.bias", 3) },
            readings);
    }

    [TestMethod]
    [DataRow("blocks.007.x", DisplayName = "leading zeros")]
    [DataRow("blocks.1234567890.x", DisplayName = "ten digits")]
    public void AnImproperNumber_IsNoBlock(string name) => Assert.HasCount(1, NamePattern.Readings(name));

    [TestMethod]
    [DataRow("blocks.{}.norm1.weight", DisplayName = "braces of its own")]
    public void ANameWithBraces_HasNoReading(string name) => Assert.IsEmpty(NamePattern.Readings(name));

    [TestMethod]
    public void ANameOfMegabytes_HasNoReading() => Assert.IsEmpty(NamePattern.Readings(string.Join('.', Enumerable.Repeat("1", 1_000_000))));

    [TestMethod]
    public void FillingPutsTheNumberBack() => Assert.AreEqual("blocks.12.norm1.weight", NamePattern.Fill("blocks.{}.norm1.weight", 12));
}
