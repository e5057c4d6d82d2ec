// Names of architectures: what they stand for and what is suggested for a wrong one.
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class ArchitecturePresetsTests
{
    [TestMethod]
    // Name, image, patch, embedding dimension, depth, heads.
    [DataRow("vit_tiny_patch16_224", 224, 16, 192, 12, 3)]
    [DataRow("vit_small_patch8_224", 224, 8, 384, 12, 6)]
    [DataRow("vit_base_patch32_384", 384, 32, 768, 12, 12)]
    [DataRow("vit_large_patch14_224", 224, 14, 1024, 24, 16)]
    [DataRow("vit_huge_patch14_224", 224, 14, 1280, 32, 16)]
    public void APresetHasTimmsSizes(string name, int image, int patch, int dimension, int depth, int heads)
    {
        var expected = new VisionTransformerArchitecture
        {
            Name = name,
            ImageSize = image,
            PatchSize = patch,
            EmbeddingDimension = dimension,
            Depth = depth,
            Heads = heads,
        };
        Assert.AreEqual(expected, VisionTransformerArchitecture.Parse(name));
    }

    [TestMethod]
    public void EveryKnownNameParsesToAnArchitectureThatChecks()
    {
        Assert.HasCount(18, VisionTransformerArchitecture.Known);
        CollectionAssert.AreEqual(VisionTransformerArchitecture.Known.Order(StringComparer.Ordinal).ToArray(), VisionTransformerArchitecture.Known.ToArray());
        foreach (string name in VisionTransformerArchitecture.Known)
            Assert.AreEqual(name, VisionTransformerArchitecture.Parse(name).Check().Name);
    }

    [TestMethod]
    public void TheDefaultArchitectureIsThePresetOfItsName() =>
        Assert.AreEqual(new VisionTransformerArchitecture(), VisionTransformerArchitecture.Parse("vit_base_patch16_224"));

    [TestMethod]
    [DataRow("vit_small_patch16_224.augreg_in21k_ft_in1k")]
    [DataRow("timm/vit_small_patch16_224")]
    [DataRow("timm/vit_small_patch16_224.augreg_in21k")]
    [DataRow(" vit_small_patch16_224 ")]
    public void PrefixTagAndBlanksAreIgnored(string name) =>
        Assert.AreEqual("vit_small_patch16_224", VisionTransformerArchitecture.Parse(name).Name);

    [TestMethod]
    [DataRow("vit_tiny_patch16_225", "vit_tiny_patch16_224")]
    [DataRow("ViT_Base_Patch16_224", "vit_base_patch16_224")]
    [DataRow("vit-large-patch14-224", "vit_large_patch14_224")]
    [DataRow("vit_huge_patch14", "vit_huge_patch14_224")]
    public void AnUnknownNameGetsTheNearestSuggested(string name, string nearest)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => VisionTransformerArchitecture.Parse(name));
        Assert.Contains($"\"{name}\" is no known architecture", error.Message);
        Assert.Contains($"\"{nearest}\"", error.Message);
        Assert.Contains("VisionTransformerArchitecture.Known", error.Message);
    }

    [TestMethod]
    [DataRow("kitten", "sitting", 3)]
    [DataRow("", "abc", 3)]
    [DataRow("abc", "", 3)]
    [DataRow("same", "same", 0)]
    [DataRow("ab", "ba", 2)]
    public void DistanceCountsEdits(string from, string to, int expected) => Assert.AreEqual(expected, NearestName.Distance(from, to));
}
