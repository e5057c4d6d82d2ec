// In-memory files mapped to the network's names: concatenated, shared, stacked and summed tensors, prefixes, malicious names.
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class LayoutMapTests
{
    private const string Proj = "blocks.0.attn.proj.weight";

    /// <summary>Names of the network: timm's, and EVA's biases.</summary>
    private static readonly HashSet<string> _canonical =
        [.. TimmLayouts.Vit.Rules.Select(rule => rule.Canonical), "blocks.{}.attn.q_bias", "blocks.{}.attn.v_bias"];

    [TestMethod]
    public void QueryKeyAndValue_StandBelowOneAnother()
    {
        using var file = new FakeCheckpoint()
            .Add("vit.encoder.layer.0.attention.attention.value.bias", [2], [5, 6])
            .Add("vit.encoder.layer.0.attention.attention.query.bias", [2], [1, 2])
            .Add("vit.encoder.layer.0.attention.attention.key.bias", [2], [3, 4])
            .Add("vit.encoder.layer.0.attention.output.dense.weight", 2, 2);

        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 5, 6 }, LayoutMap.Of(file).Values("blocks.0.attn.qkv.bias"));
    }

    [TestMethod]
    public void AnAttentionPoolsRows_GoToItsQueryAndItsKeysAndValues()
    {
        using var file = new FakeCheckpoint()
            .Add("vision_model.head.attention.in_proj_weight", 6, 2)
            .Add("vision_model.embeddings.patch_embedding.weight", 2, 1, 1, 1);
        var map = LayoutMap.Of(file);

        CollectionAssert.AreEqual(new float[] { 0, 1, 2, 3 }, map.Values("attn_pool.q.weight"));
        CollectionAssert.AreEqual(new float[] { 4, 5, 6, 7, 8, 9, 10, 11 }, map.Values("attn_pool.kv.weight"));
    }

    [TestMethod]
    public void AMaskedBiasOfK_IsNotRead_EvenWhereItIsNaN()
    {
        using var file = new FakeCheckpoint()
            .Add("blocks.0.attn.qkv.bias", [6], [1, 2, float.NaN, float.NaN, 5, 6])
            .Add("blocks.0.attn.qkv.bias_mask", 6)
            .Add("storage_tokens", 1, 2, 2)
            .Add(Proj, 2, 2);
        var map = LayoutMap.Of(file);

        CollectionAssert.AreEqual(new float[] { 1, 2 }, map.Values("blocks.0.attn.q_bias"));
        CollectionAssert.AreEqual(new float[] { 5, 6 }, map.Values("blocks.0.attn.v_bias"));
        Assert.DoesNotContain("blocks.0.attn.qkv.bias", map.Tensors.Keys);
    }

    [TestMethod]
    public void ABiasOfKWithoutAMask_IsRead()
    {
        using var file = new FakeCheckpoint().Add("blocks.0.attn.qkv.bias", 6).Add("storage_tokens", 1, 2, 2).Add(Proj, 2, 2);

        Assert.HasCount(6, LayoutMap.Of(file).Values("blocks.0.attn.qkv.bias"));
    }

    [TestMethod]
    public void AClassPosition_IsAddedToTheClassToken_WhereRegistersHaveNone()
    {
        using var file = new FakeCheckpoint()
            .Add("cls_token", [1, 1, 2], [10, 20])
            .Add("pos_embed", [1, 3, 2], [1, 2, 3, 4, 5, 6])
            .Add("register_tokens", 1, 2, 2)
            .Add(Proj, 2, 2);
        var map = LayoutMap.Of(file);

        CollectionAssert.AreEqual(new float[] { 11, 22 }, map.Values("cls_token"));
        CollectionAssert.AreEqual(new float[] { 3, 4, 5, 6 }, map.Values("pos_embed"));
        CollectionAssert.AreEqual(new long[] { 1, 2, 2 }, map.Tensors["pos_embed"].Shape);
    }

    [TestMethod]
    public void StackedBlocks_AreReadOnce()
    {
        const string block = "params/Transformer/encoderblock/";
        using var file = new FakeCheckpoint()
            .Add(block + "MlpBlock_0/Dense_0/kernel", 3, 2, 1)
            .Add(block + "MultiHeadDotProductAttention_0/out/kernel", 3, 1, 2, 2);
        var map = LayoutMap.Of(file);
        float[] values = new float[4];

        foreach (var tensor in map.Tensors.Values)
            tensor.CopyTo(values.AsSpan(0, (int)tensor.Shape!.Aggregate(1L, (a, b) => a * b)));

        Assert.AreEqual(2, file.Reads);
        CollectionAssert.AreEqual(new float[] { 4, 5 }, map.Values("blocks.2.mlp.fc1.weight"));
        CollectionAssert.AreEqual(new float[] { 4, 6, 5, 7 }, map.Values("blocks.1.attn.proj.weight"), "[heads, width, out] transposed");
    }

    [TestMethod]
    [DataRow("module.")]
    [DataRow("model.")]
    [DataRow("backbone.")]
    [DataRow("_orig_mod.")]
    [DataRow("_orig_mod.module.")]
    [DataRow("module._orig_mod.backbone.")]
    public void APrefixOfTrainingCode_IsTakenOff(string prefix)
    {
        using var file = new FakeCheckpoint().Add(prefix + Proj, 2, 2).Add(prefix + "cls_token", 1, 1, 2).Add("other", 1);
        var map = LayoutMap.Of(file);

        CollectionAssert.AreEquivalent(new[] { Proj, "cls_token" }, map.Tensors.Keys.ToArray());
        Assert.AreEqual("other", map.Unknown.Single().Name);
        Assert.AreEqual(prefix + "norm.bias", map.FileNames("norm.bias").Single());
    }

    [TestMethod]
    public void TheTextTowerOfAClipModel_IsIgnored()
    {
        using var file = new FakeCheckpoint()
            .Add("vision_model.encoder.layers.0.self_attn.out_proj.weight", 2, 2)
            .Add("vision_model.pre_layrnorm.weight", 2)
            .Add("text_model.encoder.layers.0.self_attn.out_proj.weight", 3, 3)
            .Add("text_projection.weight", 3, 3)
            .Add("logit_scale");
        var map = LayoutMap.Of(file);

        Assert.AreEqual("Hugging Face CLIP", map.Layout.Name);
        Assert.IsEmpty(map.Unknown);
        Assert.HasCount(2, map.Tensors);
    }

    [TestMethod]
    public void AnOpenClipTextTower_IsIgnored()
    {
        using var file = new FakeCheckpoint()
            .Add("visual.conv1.weight", 2, 3, 1, 1)
            .Add("transformer.resblocks.0.attn.in_proj_weight", 6, 2)
            .Add("positional_embedding", 77, 2)
            .Add("ln_final.bias", 2);
        var map = LayoutMap.Of(file);

        Assert.IsEmpty(map.Unknown);
        Assert.HasCount(1, map.Tensors);
    }

    [TestMethod]
    public void ADistilledNetworkOfHuggingFace_HasItsTwoHeads()
    {
        using var file = new FakeCheckpoint()
            .Add("deit.encoder.layer.0.attention.output.dense.weight", 2, 2)
            .Add("deit.embeddings.distillation_token", 1, 1, 2)
            .Add("cls_classifier.weight", 3, 2)
            .Add("distillation_classifier.weight", 3, 2);
        var map = LayoutMap.Of(file);

        Assert.AreEqual("Hugging Face DeiT", map.Layout.Name);
        CollectionAssert.AreEquivalent(new[] { Proj, "dist_token", "reg_token", "head.weight", "head_dist.weight" }, map.Tensors.Keys.ToArray());
    }

    [TestMethod]
    public void OneTensorUnderTwoNames_IsRefused()
    {
        using var file = new FakeCheckpoint()
            .Add("vit.encoder.layer.0.attention.output.dense.weight", 2, 2)
            .Add("encoder.layer.0.attention.output.dense.weight", 2, 2);

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => LayoutMap.Of(file));

        Assert.Contains("has both vit.encoder.layer.0.attention.output.dense.weight and encoder.layer.0.attention.output.dense.weight", error.Message);
    }

    [TestMethod]
    public void AFileOfOtherNames_IsRefusedWithSomeOfThem()
    {
        using var file = new FakeCheckpoint().Add("conv1.weight", 1).Add("layer1.0.bn1.weight", 1);
        for (int i = 0; i < 20; i++)
            file.Add($"z{i}\u0007" + new string('y', 500), 1);

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => LayoutMap.Of(file));

        Assert.Contains("it has conv1.weight, layer1.0.bn1.weight, z0?yyy", error.Message);
        Assert.Contains("and 16 more", error.Message);
        Assert.Contains("The known naming schemes are timm ViT; timm EVA;", error.Message);
    }

    [TestMethod]
    public void AFileWithoutTensors_IsRefused()
    {
        using var file = new FakeCheckpoint();

        Assert.Contains("it has no tensors", Assert.ThrowsExactly<InvalidCheckpointException>(() => LayoutMap.Of(file)).Message);
    }

    [TestMethod]
    public void ABlockNumberOfABillion_CostsNothing()
    {
        using var file = new FakeCheckpoint().Add("blocks.999999999.attn.proj.weight", 2, 2);

        var map = LayoutMap.Of(file);

        Assert.AreEqual("blocks.999999999.attn.proj.weight", map.Tensors.Keys.Single());
    }

    [TestMethod]
    public void AStackOfABillionEmptyBlocks_IsNoStack()
    {
        const string name = "params/Transformer/encoderblock/LayerNorm_0/scale";
        using var file = new FakeCheckpoint().AddShape(name, 1_000_000_000, 0).Add("params/embedding/kernel", 1, 1, 1, 2);

        Assert.AreEqual(name, LayoutMap.Of(file).Unknown.Single().Name);
    }

    [TestMethod]
    public void EveryLayoutsRows_AreSound()
    {
        foreach (var layout in CheckpointLayouts.All)
        {
            foreach (var rule in layout.Rules)
            {
                Assert.IsNotEmpty(rule.Parts, $"{layout.Name}: {rule.Canonical}");
                Assert.IsTrue(NamePattern.HasBlock(rule.Canonical) || !rule.Parts.Any(part => NamePattern.HasBlock(part.Name)), $"{layout.Name}: {rule.Canonical}");
                Assert.Contains(rule.Canonical, _canonical, layout.Name);
                Assert.IsTrue(rule.Parts.All(part => part.Range == PartRange.All || part.Order.KeepsOrder), $"{layout.Name}: {rule.Canonical}");
            }

            var written = layout.Rules.GroupBy(rule => (rule.Canonical, string.Join('|', rule.Parts.Select(part => part.ToString()))));
            Assert.IsTrue(written.All(group => group.Count() == 1), $"{layout.Name} has a row twice");
        }
    }
}
