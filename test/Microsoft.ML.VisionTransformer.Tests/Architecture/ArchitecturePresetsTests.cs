// Architecture names: their presets, and the suggestion for a wrong name.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Architecture;

[TestClass]
public sealed class ArchitecturePresetsTests
{
    [TestMethod]
    // Name, image, patch, embedding dimension, depth, heads, classes.
    [DataRow("vit_tiny_patch16_224", 224, 16, 192, 12, 3, 1000)]
    [DataRow("vit_small_patch8_224", 224, 8, 384, 12, 6, 0)]
    [DataRow("vit_base_patch32_384", 384, 32, 768, 12, 12, 1000)]
    [DataRow("vit_large_patch14_224", 224, 14, 1024, 24, 16, 1000)]
    [DataRow("vit_huge_patch14_224", 224, 14, 1280, 32, 16, 0)]
    public void APresetHasTimmsSizes(string name, int image, int patch, int dimension, int depth, int heads, int classes)
    {
        var expected = new VisionTransformerArchitecture
        {
            Name = name,
            ImageSize = image,
            PatchSize = patch,
            EmbeddingDimension = dimension,
            Depth = depth,
            Heads = heads,
            Classes = classes,
        };
        Assert.AreEqual(expected, VisionTransformerArchitecture.Parse(name));
    }

    [TestMethod]
    public void EveryKnownNameParsesToAnArchitectureThatChecks()
    {
        Assert.HasCount(179, VisionTransformerArchitecture.Known);
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
    [DataRow("vit_small_patch16_224.augreg_in21k", 21843)]
    [DataRow("timm/vit_base_patch16_224.dino", 0)]
    [DataRow("vit_base_patch16_224.orig_in21k", 0)]
    [DataRow("vit_base_patch16_224_miil.in21k", 11221)]
    [DataRow("vit_base_patch16_224_miil.in21k_ft_in1k", 1000)]
    [DataRow("vit_base_patch16_clip_224.openai", 512)]
    [DataRow("vit_large_patch14_clip_224.laion2b_ft_in12k", 11821)]
    [DataRow("eva02_base_patch14_448.mim_in22k_ft_in22k", 21841)]
    [DataRow("vit_so400m_patch14_siglip_378.webli_ft_in1k", 1000)]
    [DataRow("vit_base_patch16_224.of_someone_else", 1000)]
    [DataRow("vit_base_patch16_224.", 1000)]
    public void ATagHasItsClassCountAndAnUnknownOneIsIgnored(string name, int classes)
    {
        var tagged = VisionTransformerArchitecture.Parse(name);
        Assert.AreEqual(classes, tagged.Classes);
        Assert.AreEqual(VisionTransformerArchitecture.Parse(tagged.Name) with { Classes = classes }, tagged);
    }

    [TestMethod]
    [DataRow("vit_base_patch16_224_in21k", "vit_base_patch16_224", 21843)]
    [DataRow("timm/vit_large_patch32_224_in21k", "vit_large_patch32_224", 0)]
    [DataRow("vit_small_patch8_224_dino", "vit_small_patch8_224", 0)]
    [DataRow("vit_huge_patch14_224_clip_laion2b", "vit_huge_patch14_clip_224", 1024)]
    [DataRow("deit3_base_patch16_384_in21ft1k", "deit3_base_patch16_384", 1000)]
    public void AHistoricNameStandsForTodaysNameAndTag(string historic, string name, int classes)
    {
        var architecture = VisionTransformerArchitecture.Parse(historic);
        Assert.AreEqual(name, architecture.Name);
        Assert.AreEqual(classes, architecture.Classes);
        CollectionAssert.DoesNotContain(VisionTransformerArchitecture.Known.ToArray(), historic);
    }

    [TestMethod]
    public void ClipHasItsPartsInPlace()
    {
        var clip = VisionTransformerArchitecture.Parse("vit_base_patch32_clip_quickgelu_224");
        Assert.IsTrue(clip.PreNorm);
        Assert.IsFalse(clip.PatchBias);
        Assert.AreEqual(MlpActivation.QuickGelu, clip.Activation);
        Assert.AreEqual(MlpActivation.Gelu, VisionTransformerArchitecture.Parse("vit_base_patch32_clip_224").Activation);
        Assert.AreEqual(1e-5, clip.NormEpsilon);
    }

    [TestMethod]
    public void SiglipPoolsByAttentionOrByTheMeanOfNormedTokens()
    {
        var map = VisionTransformerArchitecture.Parse("vit_so400m_patch16_siglip_256");
        var gap = VisionTransformerArchitecture.Parse("vit_so400m_patch16_siglip_gap_256");
        Assert.AreEqual(TokenPooling.Attention, map.Pooling);
        Assert.AreEqual(TokenPooling.Average, gap.Pooling);
        Assert.IsFalse(map.NormsPooled || gap.NormsPooled || map.ClassToken || gap.ClassToken);
        Assert.AreEqual(4304, map.MlpHiddenDimension);
        Assert.AreEqual(MlpActivation.GeluTanh, map.Activation);
    }

    [TestMethod]
    [DataRow("vit_giant_patch14_dinov2", 0, true, 4096)]
    [DataRow("vit_giant_patch14_reg4_dinov2", 4, false, 4096)]
    [DataRow("vit_large_patch14_reg4_dinov2", 4, false, 4096)]
    [DataRow("vit_so400m_patch14_reg1_tipsv2", 1, false, 4304)]
    public void Dinov2HasRegistersAndTheHiddenWidthThatEntersTheSecondLayer(string name, int registers, bool covers, int hidden)
    {
        var architecture = VisionTransformerArchitecture.Parse(name);
        Assert.AreEqual(registers, architecture.RegisterTokens);
        Assert.AreEqual(covers, architecture.PositionsCoverPrefix);
        Assert.AreEqual(hidden, architecture.MlpHiddenDimension);
    }

    [TestMethod]
    [DataRow("vit_small_plus_patch16_dinov3", false, 1536)]
    [DataRow("vit_huge_plus_patch16_dinov3_qkvb", true, 5120)]
    [DataRow("vit_7b_patch16_dinov3", false, 8192)]
    public void Dinov3TurnsInsteadOfAddingPositions(string name, bool bias, int hidden)
    {
        var architecture = VisionTransformerArchitecture.Parse(name);
        Assert.AreEqual(new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = 100 }, architecture.Rotary);
        Assert.AreEqual(PositionEmbedding.None, architecture.PositionEmbedding);
        Assert.AreEqual((bias, false), (architecture.QkvBias, architecture.KeyBias));
        Assert.AreEqual((MlpKind.SwiGlu, hidden), (architecture.Mlp, architecture.MlpHiddenDimension));
        Assert.AreEqual((TokenPooling.Average, false), (architecture.Pooling, architecture.NormsPooled));
    }

    [TestMethod]
    // Name, whether timm's class is Eva, whether q, k and v are split, whether SwiGLU is split.
    [DataRow("eva02_tiny_patch14_224", true, false, false)]
    [DataRow("eva02_base_patch14_448", true, true, true)]
    [DataRow("vit_small_plus_patch16_dinov3", true, false, true)]
    [DataRow("vit_base_patch16_rope_reg1_gap_256", true, false, false)]
    [DataRow("eva_large_patch14_196", false, false, false)]
    [DataRow("vit_giant_patch14_dinov2", false, false, false)]
    public void APresetKnowsHowTimmLaysItsFileOut(string name, bool eva, bool splitQkv, bool splitSwiGlu)
    {
        var preset = ArchitecturePresets.Find(name)!;
        Assert.AreEqual(eva, ArchitecturePresets.IsEva($"timm/{name}.tag"));
        Assert.AreEqual(splitQkv, preset.SplitQkv);
        Assert.AreEqual(splitSwiGlu, preset.SplitsSwiGlu(preset.Architecture));
    }

    [TestMethod]
    public void AnUnknownNameIsNoEva() => Assert.IsFalse(ArchitecturePresets.IsEva("eva03_tiny"));

    [TestMethod]
    [DataRow("vit_tiny_patch16_225", "vit_tiny_patch16_224")]
    [DataRow("ViT_Base_Patch16_224", "vit_base_patch16_224")]
    [DataRow("vit-large-patch14-224", "vit_large_patch14_224")]
    [DataRow("vit_huge_patch14", "vit_huge_patch14_224")]
    public void AnUnknownNameGetsTheNearestSuggested(string name, string nearest)
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => VisionTransformerArchitecture.Parse(name));
        Assert.Contains($"\"{name}\" is not a known architecture", error.Message);
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
