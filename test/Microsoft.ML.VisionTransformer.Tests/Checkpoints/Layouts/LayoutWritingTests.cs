// Writing a layout and reading it back: the names of the golden files, the same values.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class LayoutWritingTests
{
    [TestMethod]
    [DataRow("model/vit_plain/weights.safetensors")]
    [DataRow("model/siglip_map_reg4/weights.safetensors")]
    [DataRow("model/deit_distilled/weights.safetensors")]
    [DataRow("model/vit_qk_attn_mlp_norm/weights.safetensors")]
    [DataRow("model/dinov2_reg4_swiglu/weights.safetensors")]
    [DataRow("model/eva02_tiny/weights.safetensors")]
    [DataRow("model/eva02_base_split/weights.safetensors")]
    [DataRow("model/eva02_clip/weights.safetensors")]
    [DataRow("model/eva_giant_abs/weights.safetensors")]
    [DataRow("model/dinov3_mlp/weights.safetensors")]
    [DataRow("model/dinov3_qkvb_avg/weights.safetensors")]
    [DataRow("model/dinov3_swiglu/weights.safetensors")]
    [DataRow("checkpoints/hf-vit/model.safetensors")]
    [DataRow("checkpoints/hf-vit-backbone/model.safetensors")]
    [DataRow("checkpoints/hf-dinov2/model.safetensors")]
    [DataRow("checkpoints/hf-dinov2-classifier/model.safetensors")]
    [DataRow("checkpoints/hf-dinov2-registers/model.safetensors")]
    [DataRow("checkpoints/hf-dinov2-registers-swiglu/model.safetensors")]
    [DataRow("checkpoints/hf-siglip/model.safetensors")]
    [DataRow("checkpoints/openai-clip/model.safetensors")]
    [DataRow("checkpoints/torchvision/vit.safetensors")]
    public void AFileIsWrittenWithItsOwnNamesShapesAndValues(string path)
    {
        using var file = GoldenCheckpoints.Open(path.Split('/'));
        var map = LayoutMap.Of(file);
        var mlp = map.Tensors["blocks.0.mlp.fc2.weight"].Shape![1] * 2 == map.Tensors["blocks.0.mlp.fc1.weight"].Shape![0] ? MlpKind.SwiGlu : MlpKind.Plain;

        bool bare = !map.Tensors.ContainsKey("head.weight") && !path.Contains("siglip", StringComparison.Ordinal);

        var written = Layout(map, file).ToFile(map.Rows(), mlp, bare, name => map.Values(name));

        var tensors = written.ToDictionary(t => t.Name);
        CollectionAssert.AreEquivalent(file.Tensors.Keys.ToArray(), tensors.Keys);
        foreach (var (name, (_, shape, values)) in tensors)
        {
            CollectionAssert.AreEqual(file.Tensors[name].Shape.ToArray(), shape, name);
            if (!name.EndsWith("mask_token", StringComparison.Ordinal) && !IsFolded(map, name))
                CollectionAssert.AreEqual(file.Values(name), values.ToArray(), name);
        }
    }

    [TestMethod]
    [DataRow("hf-dinov2-registers")]
    [DataRow("hf-dinov2-registers-swiglu")]
    public void AFoldedClassPosition_IsWrittenAsZero_AndReadsTheSame(string folder)
    {
        using var file = GoldenCheckpoints.Open("checkpoints", folder);
        var map = LayoutMap.Of(file);
        var mlp = folder.EndsWith("swiglu", StringComparison.Ordinal) ? MlpKind.SwiGlu : MlpKind.Plain;
        var tensors = map.Layout.ToFile(map.Rows(), mlp, bare: true, name => map.Values(name)).ToList();
        var copy = new FakeCheckpoint();
        foreach (var (name, shape, values) in tensors)
            copy.Add(name, shape, values.ToArray());

        var again = LayoutMap.Of(copy);

        float[] positions = copy.Values("embeddings.position_embeddings");
        Assert.IsTrue(positions.AsSpan(0, 36).IndexOfAnyExcept(0f) < 0);
        foreach (string name in map.Tensors.Keys)
            CollectionAssert.AreEqual(map.Values(name), again.Values(name), name);
    }

    [TestMethod]
    public void AnArchitecture_IsWrittenWithThePrefixOnlyWhereItHasAHead()
    {
        var architecture = Tiny();

        var classifier = Names(HuggingFaceVitLayouts.Vit, architecture);
        var backbone = Names(HuggingFaceVitLayouts.Vit, architecture with { Classes = 0 });

        CollectionAssert.Contains(classifier, "vit.encoder.layer.1.attention.attention.key.bias");
        CollectionAssert.Contains(classifier, "classifier.weight");
        CollectionAssert.Contains(backbone, "encoder.layer.1.attention.attention.key.bias");
    }

    [TestMethod]
    public void QueryKeyAndValue_ArePassedOnWithoutACopy()
    {
        var architecture = Tiny();
        float[] qkv = [.. Enumerable.Range(0, 3 * 4 * 4).Select(i => (float)i)];
        var written = HuggingFaceVitLayouts.Vit.ToFile(
            architecture, name => name == "blocks.0.attn.qkv.weight" ? qkv : new float[architecture.Parameters().Single(row => row.Name == name).Length]);

        var key = written.Single(t => t.Name.EndsWith("layer.0.attention.attention.key.weight", StringComparison.Ordinal)).Values;

        CollectionAssert.AreEqual(Enumerable.Range(16, 16).Select(i => (float)i).ToArray(), key.ToArray());
        Assert.IsTrue(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(key, out var segment));
        Assert.AreSame(qkv, segment.Array);
    }

    [TestMethod]
    public void APartWithoutAName_IsRefused()
    {
        ParameterRow[] rows = [new("patch_embed.proj.weight", ParameterRole.PatchWeight, 4, 3, 2, 2), new("reg_token", ParameterRole.ClassToken, 1, 2, 4)];

        var error = Assert.ThrowsExactly<ArgumentException>(() => HuggingFaceVitLayouts.Vit.ToFile(rows, MlpKind.Plain, true, _ => new float[48]).ToList());

        Assert.StartsWith("Hugging Face ViT has no name for reg_token", error.Message);
    }

    [TestMethod]
    public void PositionsOfPatchesAlone_DoNotGoIntoATableWithAClassEntry()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Names(HuggingFaceVitLayouts.Vit, Tiny() with { PositionsCoverPrefix = false }));

        Assert.Contains("PositionsCoverPrefix False", error.Message);
        Assert.Contains("timm ViT", error.Message);
    }

    [TestMethod]
    public void ALayoutThatIsOnlyRead_SaysSo()
    {
        foreach (var layout in new[] { JaxLayouts.Original, JaxLayouts.BigVisionScan })
        {
            var error = Assert.ThrowsExactly<ArgumentException>(() => Names(layout, Tiny()));
            Assert.Contains("supported for reading only", error.Message);
        }
    }

    private static VisionTransformerArchitecture Tiny() =>
        new() { ImageSize = 4, PatchSize = 2, EmbeddingDimension = 4, Heads = 2, Depth = 2, Classes = 3 };

    private static string[] Names(CheckpointLayout layout, VisionTransformerArchitecture architecture)
    {
        var lengths = architecture.Parameters().ToDictionary(row => row.Name, row => row.Length);
        return [.. layout.ToFile(architecture, name => new float[lengths[name]]).Select(t => t.Name)];
    }

    private static CheckpointLayout Layout(LayoutMap map, CheckpointFile file) => map.Layout == TimmLayouts.Eva
        ? TimmLayouts.EvaAs(file.Tensors.ContainsKey("blocks.0.attn.q_proj.weight"), file.Tensors.ContainsKey("blocks.0.mlp.fc1_g.weight"))
        : map.Layout;

    private static bool IsFolded(LayoutMap map, string file) =>
        map.Tensors.Values.Any(t => t.Rule.Sum && t.Parts.Any(part => part.Name == file));
}
