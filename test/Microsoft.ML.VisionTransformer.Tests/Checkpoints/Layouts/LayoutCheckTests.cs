// Differences between a checkpoint and a network, reported with the file's names.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class LayoutCheckTests
{
    private static VisionTransformerArchitecture Golden { get; } = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
    {
        ImageSize = 16,
        PatchSize = 8,
        EmbeddingDimension = 16,
        Depth = 1,
        Heads = 2,
        Classes = 3,
    };

    [TestMethod]
    [DataRow("missing_tensor", "blocks.0.attn.proj.weight is missing")]
    [DataRow("extra_tensor", "blocks.1.norm1.weight is not part of the network (depth is 1)")]
    [DataRow("wrong_shape", "head.weight is [16, 3], but the network needs [3, 16]")]
    [DataRow("wrong_dtype_int", "norm.weight is I32, but a floating-point type is expected")]
    [DataRow("head_seven_classes", "head.weight is [7, 16], but the network needs [3, 16]; head.bias is [7], but the network needs [3]")]
    public void ABadFile_IsRefusedWithWhatIsWrong(string file, string expected)
    {
        using var opened = GoldenCheckpoints.Open("bad-checkpoints", file + ".safetensors");
        var map = LayoutMap.Of(opened);

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => map.Check(Golden));

        Assert.Contains($"does not match the network: {expected}. Pass", error.Message);
        Assert.AreEqual(expected, map.Check(Golden, strict: false).ToString());
    }

    [TestMethod]
    [DataRow("nan_weight", "NaN in blocks.0.mlp.fc1.weight")]
    [DataRow("inf_weight", "infinity in head.bias")]
    public void ANumberThatIsNone_IsFoundWhenRead(string file, string expected)
    {
        using var opened = GoldenCheckpoints.Open("bad-checkpoints", file + ".safetensors");
        var map = LayoutMap.Of(opened);
        var tensor = map.Tensors[expected.Split(' ')[^1]];
        float[] values = new float[tensor.Shape!.Aggregate(1L, (a, b) => a * b)];
        map.Check(Golden);

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => tensor.CopyTo(values));

        Assert.Contains(expected, error.Message);
        tensor.CopyTo(values, checkFinite: false);
    }

    [TestMethod]
    public void ASoundFile_Fits()
    {
        using var opened = GoldenCheckpoints.Open("bad-checkpoints", "good.safetensors");

        Assert.IsTrue(LayoutMap.Of(opened).Check(Golden).IsEmpty);
    }

    [TestMethod]
    public void AHeadThatIsReplacedOnPurpose_MayHaveAnyShape()
    {
        using var opened = GoldenCheckpoints.Open("bad-checkpoints", "head_seven_classes.safetensors");

        var mismatch = LayoutMap.Of(opened).Check(Golden, leftOut: name => name.StartsWith("head.", StringComparison.Ordinal));

        Assert.IsTrue(mismatch.IsEmpty);
    }

    [TestMethod]
    public void ATransposedTensor_IsDescribedAsTheFileHasIt()
    {
        using var file = new FakeCheckpoint().AddShape("visual.conv1.weight", 4, 3, 2, 2).AddShape("visual.proj", 5, 6);

        Assert.AreEqual("visual.proj is [5, 6], but the network needs [4, 7]", Check(file, ("head.weight", [7, 4])));
    }

    [TestMethod]
    public void AHeadsKernel_IsDescribedWithItsAxes()
    {
        using var file = new FakeCheckpoint();
        foreach (string part in new[] { "query", "key", "value" })
            file.AddShape($"Transformer/encoderblock_0/MultiHeadDotProductAttention_1/{part}/kernel", 4, part == "key" ? 3 : 2, 2);

        Assert.AreEqual(
            "Transformer/encoderblock_0/MultiHeadDotProductAttention_1/key/kernel is [4, 3, 2], but the network needs [4, heads, width] with heads * width = 4",
            Check(file, ("blocks.0.attn.qkv.weight", [12, 4])));
    }

    [TestMethod]
    public void OnePartOfSeveral_IsMissingByItsOwnName()
    {
        using var file = new FakeCheckpoint()
            .AddShape("vit.encoder.layer.0.attention.attention.query.weight", 4, 4).AddShape("vit.encoder.layer.0.attention.attention.value.weight", 4, 4);

        Assert.AreEqual("vit.encoder.layer.0.attention.attention.key.weight is missing", Check(file, ("blocks.0.attn.qkv.weight", [12, 4])));
    }

    [TestMethod]
    public void AMissingTensor_HasTheNameTheFileWouldGiveIt()
    {
        using var file = new FakeCheckpoint().AddShape("module.encoder.layer.0.attention.output.dense.weight", 4, 4);

        Assert.AreEqual(
            "module.layernorm.bias is missing",
            Check(file, ("blocks.0.attn.proj.weight", [4, 4]), ("norm.bias", [4])));
    }

    [TestMethod]
    public void TheSecondOfTwoStoredForms_IsLeftOver()
    {
        using var file = new FakeCheckpoint().AddShape("blocks.0.attn.qkv.weight", 12, 4).AddShape("blocks.0.gamma_1", 4)
            .AddShape("blocks.0.attn.q_proj.weight", 4, 4);

        Assert.AreEqual(
            "blocks.0.attn.q_proj.weight is not part of the network",
            Check(file, ("blocks.0.attn.qkv.weight", [12, 4]), ("blocks.0.ls1.gamma", [4])));
    }

    [TestMethod]
    public void AStackOfMoreBlocks_IsNotCutSilently()
    {
        using var file = new FakeCheckpoint()
            .AddShape("params/Transformer/encoderblock/MultiHeadDotProductAttention_0/out/kernel", 3, 2, 2, 4);

        Assert.AreEqual(
            "params/Transformer/encoderblock/MultiHeadDotProductAttention_0/out/kernel stacks 3 blocks, but the network has 2",
            Check(file, ("blocks.0.attn.proj.weight", [4, 4]), ("blocks.1.attn.proj.weight", [4, 4])));
    }

    [TestMethod]
    public void TenDifferencesAreShown_AndTheOthersCounted()
    {
        using var file = new FakeCheckpoint().AddShape("patch_embed.proj.weight", 4, 3, 2, 2);
        for (int i = 0; i < 5_000; i++)
            file.AddShape($"strange.{i}\n" + new string('x', 1_000), 1);

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(
            () => LayoutMap.Of(file).Check([new("patch_embed.proj.weight", ParameterRole.PatchWeight, 4, 3, 2, 2)]));

        Assert.Contains("and 4990 more", error.Message);
        Assert.DoesNotContain("\n", error.Message);
        Assert.IsLessThan(3_000, error.Message.Length);
    }

    private static string Check(FakeCheckpoint file, params (string Name, long[] Shape)[] rows) =>
        LayoutMap.Of(file).Check(
            [.. rows.Select(row => new ParameterRow(row.Name, ParameterRole.LinearWeight, row.Shape)), .. Patches(file)], strict: false).ToString();

    private static IEnumerable<ParameterRow> Patches(FakeCheckpoint file) =>
        file.Tensors.ContainsKey("visual.conv1.weight") ? [new("patch_embed.proj.weight", ParameterRole.PatchWeight, 4, 3, 2, 2)] : [];
}
