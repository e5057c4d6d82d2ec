// Every golden checkpoint gives the weights of its case under the network's names.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Layouts;

[TestClass]
public sealed class GoldenLayoutTests
{
    /// <summary>The class token is a sum that was rounded once more.</summary>
    private const float FoldedTolerance = 2e-6f;

    /// <summary>Tensors that a file has and timm's network has not, or has with a width of its own.</summary>
    private static readonly Dictionary<string, string[]> _ofTheFileAlone = new()
    {
        ["hf-vit-backbone"] = ["pre_logits.fc.weight", "pre_logits.fc.bias"],
        ["hf-dinov2-classifier"] = ["head.weight", "head.bias"],
    };

    [TestMethod]
    [DataRow("timm", "timm ViT", "vit_plain")]
    [DataRow("hf-vit", "Hugging Face ViT", "vit_plain")]
    [DataRow("hf-vit-backbone", "Hugging Face ViT", "vit_plain")]
    [DataRow("hf-vit-sharded", "Hugging Face ViT", "vit_plain")]
    [DataRow("dtype/fp64.safetensors", "timm ViT", "vit_plain")]
    [DataRow("torchvision/vit.pth", "torchvision", "vit_plain")]
    [DataRow("torchvision/vit.safetensors", "torchvision", "vit_plain")]
    [DataRow("torchvision/vit_mlp_linear_names.pth", "torchvision", "vit_plain")]
    [DataRow("jax/vit.npz", "JAX vision_transformer", "vit_plain")]
    [DataRow("jax/vit_deflated.npz", "JAX vision_transformer", "vit_plain")]
    [DataRow("jax/vit_fortran_order.npz", "JAX vision_transformer", "vit_plain")]
    [DataRow("jax/vit_big_vision.npz", "JAX big_vision", "vit_plain")]
    [DataRow("jax/vit_big_vision_scan.npz", "JAX big_vision, stacked blocks", "vit_plain")]
    [DataRow("jax/siglip_big_vision.npz", "JAX big_vision SigLIP", "siglip_map")]
    [DataRow("pytorch/state_dict.pth", "timm ViT", "vit_plain")]
    [DataRow("pytorch/model_epoch.pth", "timm ViT", "vit_plain")]
    [DataRow("pytorch/protocol4.pth", "timm ViT", "vit_plain")]
    [DataRow("pytorch/views_of_one_storage.pth", "timm ViT", "vit_plain")]
    [DataRow("pytorch/training_module_prefix.pth", "timm ViT", "vit_plain")]
    [DataRow("hf-dinov2", "Hugging Face DINOv2", "dinov2_mlp")]
    [DataRow("hf-dinov2-classifier", "Hugging Face DINOv2", "dinov2_mlp")]
    [DataRow("hf-dinov2-registers", "Hugging Face DINOv2 with registers", "dinov2_reg4_mlp")]
    [DataRow("hf-dinov2-registers-swiglu", "Hugging Face DINOv2 with registers", "dinov2_reg4_swiglu")]
    [DataRow("dinov2-original/dinov2_reg4_mlp.pth", "Meta DINOv2 with registers", "dinov2_reg4_mlp")]
    [DataRow("dinov2-original/dinov2_reg4_swiglu.pth", "Meta DINOv2 with registers", "dinov2_reg4_swiglu")]
    [DataRow("dinov3-original/dinov3_qkvb_avg.pth", "Meta DINOv3 with a bias mask", "dinov3_qkvb_avg")]
    [DataRow("dinov3-original/dinov3_swiglu.pth", "Meta DINOv3", "dinov3_swiglu")]
    [DataRow("hf-dinov3", "Hugging Face DINOv3", "dinov3_qkvb_avg")]
    [DataRow("openai-clip/model.safetensors", "OpenAI CLIP / OpenCLIP", "clip_quickgelu")]
    [DataRow("hf-clip", "Hugging Face CLIP", "clip_quickgelu")]
    [DataRow("hf-siglip", "Hugging Face SigLIP", "siglip_map")]
    public void AFileGivesTheWeightsOfItsCase(string file, string layout, string networkCase)
    {
        using var opened = GoldenCheckpoints.Open(["checkpoints", .. file.Split('/')]);
        using var weights = GoldenCheckpoints.Weights(networkCase);
        var expected = LayoutMap.Of(weights);
        string[] alone = _ofTheFileAlone.GetValueOrDefault(file, []);

        var map = LayoutMap.Of(opened);

        Assert.AreEqual(layout, map.Layout.Name);
        Assert.IsEmpty(map.Unknown);
        string[] lacking = [.. expected.Tensors.Keys.Except(map.Tensors.Keys)];
        Assert.IsEmpty(lacking.Where(name => !MayLack(file, name)), string.Join(", ", lacking));
        Assert.IsEmpty(map.Tensors.Keys.Except(expected.Tensors.Keys).Except(alone));
        Assert.IsTrue(map.Check(map.Rows()).IsEmpty);
        foreach (string name in map.Tensors.Keys.Except(alone))
        {
            CollectionAssert.AreEqual(expected.Tensors[name].Shape, map.Tensors[name].Shape, name);
            bool folded = map.Tensors[name].Rule.Sum;
            foreach (var (weight, value) in expected.Values(name).Zip(map.Values(name)))
                Assert.AreEqual(weight, value, folded ? FoldedTolerance : 0, name);
        }
    }

    [TestMethod]
    public void NoFileOfTheIndexIsForgotten()
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(TestData.Path("golden", "checkpoints", "index.json")));
        var tested = typeof(GoldenLayoutTests).GetMethod(nameof(AFileGivesTheWeightsOfItsCase))!.GetCustomAttributes(false).OfType<DataRowAttribute>()
            .Select(row => (string)row.Data[0]!).ToHashSet();
        string[] elsewhere =
        [
            "dtype/fp16.safetensors", "dtype/bf16.safetensors", "dtype/mixed_bf16_f32.safetensors",
            "pytorch/fp16.pth", "pytorch/bf16.pth", "pytorch/with_ema_no_blocks.pth",
        ];
        string[] refused = ["pytorch/legacy.pth", "pytorch/args_namespace_no_blocks.pth"];

        var forgotten = index.RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("file").GetString()!.TrimEnd('/'))
            .Where(file => !tested.Contains(file)).Except(elsewhere).Except(refused);

        Assert.IsEmpty(forgotten);
    }

    [TestMethod]
    [DataRow("dtype/fp16.safetensors")]
    [DataRow("dtype/bf16.safetensors")]
    [DataRow("dtype/mixed_bf16_f32.safetensors")]
    [DataRow("pytorch/fp16.pth")]
    [DataRow("pytorch/bf16.pth")]
    public void ANarrowFile_HasEveryTensorOfItsCase(string file)
    {
        using var opened = GoldenCheckpoints.Open(["checkpoints", .. file.Split('/')]);
        using var weights = GoldenCheckpoints.Weights("vit_plain");

        var mismatch = LayoutMap.Of(opened).Check(LayoutMap.Of(weights).Rows());

        Assert.IsTrue(mismatch.IsEmpty);
    }

    [TestMethod]
    public void EveryCaseOfTimm_IsRead()
    {
        foreach (string networkCase in GoldenCheckpoints.Cases())
        {
            using var weights = GoldenCheckpoints.Weights(networkCase);
            var map = LayoutMap.Of(weights);
            bool eva = GoldenCheckpoints.Config(networkCase).GetProperty("family").GetString() == "eva";

            Assert.AreEqual(eva ? "timm EVA" : "timm ViT", map.Layout.Name, networkCase);
            Assert.IsTrue(map.Check(map.Rows()).IsEmpty, networkCase);
            foreach (string name in map.Tensors.Keys)
                map.Values(name);
        }
    }

    /// <summary>What a publisher's file leaves out: heads of backbones, CLIP's bias on the projection, the blocks of a small file.</summary>
    private static bool MayLack(string file, string name) => file switch
    {
        "openai-clip/model.safetensors" or "hf-clip" => name == "head.bias",
        "dtype/fp64.safetensors" => name.StartsWith("blocks.", StringComparison.Ordinal),
        "hf-dinov2-classifier" => false,
        _ => name is "head.weight" or "head.bias" && (file.StartsWith("hf-", StringComparison.Ordinal) || file.StartsWith("dino", StringComparison.Ordinal)),
    };
}
