// Every golden checkpoint through the public API: the network reproduces the outputs of the framework that wrote the file.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Tests.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class CheckpointGoldenTests
{
    /// <summary>See <see cref="GoldenNetworkTests"/>.</summary>
    private const double OutputTolerance = 2e-5, TokensTolerance = 1e-4;

    private const string Tokens = "tokens_final", Pooled = "pooled", Logits = "logits";

    public TestContext TestContext { get; set; } = null!;

    /// <summary>Outputs are named as the golden data name them, after = where that is not what the network calls it.</summary>
    [TestMethod]
    [DataRow("timm", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("hf-vit", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("hf-vit-sharded", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("hf-vit-backbone", "vit_plain", Tokens, "logits=hf_vit_backbone.pooler_output", "pooled=hf_vit_backbone.pooler_output")]
    [DataRow("jax/vit.npz", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("jax/vit_deflated.npz", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("jax/vit_fortran_order.npz", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("jax/vit_big_vision.npz", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("jax/vit_big_vision_scan.npz", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("jax/siglip_big_vision.npz", "siglip_map", Tokens, Pooled)]
    [DataRow("hf-dinov2", "dinov2_mlp", Tokens, Pooled)]
    [DataRow("hf-dinov2-classifier", "dinov2_mlp", Tokens, "logits=hf_dinov2_classifier.logits")]
    [DataRow("hf-dinov2-registers", "dinov2_reg4_mlp", Tokens, Pooled)]
    [DataRow("hf-dinov2-registers-swiglu", "dinov2_reg4_swiglu", Tokens, Pooled)]
    [DataRow("hf-dinov3", "dinov3_qkvb_avg", Tokens)]
    [DataRow("hf-clip", "clip_quickgelu", Tokens, Pooled, "logits=clip.image_embedding")]
    [DataRow("hf-siglip", "siglip_map", Tokens, Pooled)]
    public void AFileThatSaysItsNetwork_NeedsNoMore(string file, string networkCase, params string[] outputs)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file));
        foreach (string note in checkpoint.Notes)
            TestContext.WriteLine($"note: {note}");

        Compare(file, checkpoint, networkCase, outputs);
    }

    [TestMethod]
    public void SharesOfOneTensor_AreTheSameHoweverManyLoadAtOnce()
    {
        // The pool's in_proj is read once for its queries and once for its keys and values.
        using var checkpoint = VisionTransformerCheckpoint.Load(PathOf("hf-siglip"));
        using var first = checkpoint.CreateNetwork();
        var expected = first.state_dict().Where(t => t.Key.StartsWith("attn_pool.", StringComparison.Ordinal)).ToDictionary(t => t.Key, t => t.Value.bytes.ToArray());
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            using var again = VisionTransformerCheckpoint.Load(PathOf("hf-siglip"));
            using var network = again.CreateNetwork();
            foreach (var (name, values) in expected)
                Assert.IsTrue(network.state_dict()[name].bytes.SequenceEqual(values), name);
        });
    }

    [TestMethod]
    [DataRow("dtype/fp16.safetensors", "vit_plain", "logits=logits_fp16")]
    [DataRow("dtype/bf16.safetensors", "vit_plain", "logits=logits_bf16")]
    [DataRow("dtype/mixed_bf16_f32.safetensors", "vit_plain", "logits=logits_mixed_bf16_f32")]
    [DataRow("pytorch/fp16.pth", "vit_plain", "logits=logits_fp16")]
    [DataRow("pytorch/bf16.pth", "vit_plain", "logits=logits_bf16")]
    [DataRow("torchvision/vit.pth", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("torchvision/vit.safetensors", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("torchvision/vit_mlp_linear_names.pth", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("pytorch/state_dict.pth", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("pytorch/model_epoch.pth", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("pytorch/protocol4.pth", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("pytorch/views_of_one_storage.pth", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("pytorch/training_module_prefix.pth", "vit_plain", Tokens, Pooled, Logits)]
    [DataRow("dinov2-original/dinov2_reg4_mlp.pth", "dinov2_reg4_mlp", Tokens, Pooled)]
    [DataRow("dinov2-original/dinov2_reg4_swiglu.pth", "dinov2_reg4_swiglu", Tokens, Pooled)]
    [DataRow("dinov3-original/dinov3_qkvb_avg.pth", "dinov3_qkvb_avg", Tokens)]
    [DataRow("dinov3-original/dinov3_swiglu.pth", "dinov3_swiglu", Tokens)]
    [DataRow("openai-clip/model.safetensors", "clip_quickgelu", Tokens, Pooled, "logits=clip.image_embedding")]
    public void ALoneFile_AsksForTheArchitecture_AndGivesItsNumbers(string file, string networkCase, params string[] outputs)
    {
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(PathOf(file)));
        Assert.Contains("the number of attention heads is not in it", error.Message);
        Assert.Contains("Pass the architecture", error.Message);

        using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file), Architecture(networkCase, outputs) with { HeadBias = networkCase != "clip_quickgelu" });

        Assert.IsEmpty(checkpoint.Notes);
        Compare(file, checkpoint, networkCase, outputs);
    }

    [TestMethod]
    [DataRow("dtype/fp64.safetensors", 1f)]
    [DataRow("pytorch/with_ema_no_blocks.pth", 0.5f)]    // the averaged weights, which are half of the others
    [DataRow("pytorch/args_namespace_no_blocks.pth", 1f)]
    public void APartOfANetwork_HasTheValuesOfTheWhole(string file, float factor)
    {
        using var opened = CheckpointFormat.OpenAny(PathOf(file));
        using var whole = CheckpointFormat.OpenAny(PathOf("timm"));
        var (map, expected) = (LayoutMap.Of(opened), LayoutMap.Of(whole));

        CollectionAssert.AreEquivalent(expected.Tensors.Keys.Where(name => !name.StartsWith("blocks.", StringComparison.Ordinal)).ToArray(), map.Tensors.Keys.ToArray());
        float largest = map.Tensors.Keys.Max(name => expected.Values(name).Zip(map.Values(name), (a, b) => Math.Abs(factor * a - b)).Max());
        Report(file, "values", largest);
        Assert.AreEqual(0, largest);
    }

    [TestMethod]
    [DataRow("dtype/fp64.safetensors", 0)]
    [DataRow("pytorch/with_ema_no_blocks.pth", 1)]
    [DataRow("pytorch/args_namespace_no_blocks.pth", 0)]
    public void APartOfANetwork_IsRefusedUnlessTheRestMayBeFresh(string file, int notes)
    {
        var architecture = GoldenModel.ArchitectureOf("vit_plain");

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(PathOf(file), architecture));
        using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file), architecture, strict: false);
        using var network = checkpoint.CreateNetwork();

        Assert.Contains("blocks.0.norm1.weight is missing", error.Message);
        Assert.HasCount(24, checkpoint.Differences);
        Assert.HasCount(notes, checkpoint.Notes, "weights under two names: which were taken");
        using var whole = CheckpointFormat.OpenAny(PathOf("timm"));
        float factor = notes > 0 ? 0.5f : 1;
        CollectionAssert.AreEqual(whole.Values("head.weight").Select(v => factor * v).ToArray(), network.get_parameter("head.weight")!.Values());
    }

    [TestMethod]
    [DataRow("pytorch/legacy.pth")]
    public void ThePickleFromBeforeZipFiles_IsRefusedWithAHint(string file)
    {
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(PathOf(file)));

        Assert.Contains("PyTorch used before version 1.6", error.Message);
        Assert.Contains("torch.save(state_dict, path, _use_new_zipfile_serialization=True)", error.Message);
    }

    [TestMethod]
    public void TheClassTokenOfRegisters_HasItsPositionInIt()
    {
        foreach (string file in new[] { "hf-dinov2-registers", "hf-dinov2-registers-swiglu" })
        {
            string networkCase = file.EndsWith("swiglu", StringComparison.Ordinal) ? "dinov2_reg4_swiglu" : "dinov2_reg4_mlp";
            using var checkpoint = VisionTransformerCheckpoint.Load(PathOf(file));
            using var network = checkpoint.CreateNetwork();
            using var golden = GoldenModel.Load(networkCase);

            double difference = network.get_parameter("cls_token")!.Values().Zip(golden.Network.get_parameter("cls_token")!.Values(), (a, b) => Math.Abs(a - b)).Max();
            Report(file, "cls_token", difference);
            Assert.IsLessThanOrEqualTo(2e-6, difference);
        }
    }

    [TestMethod]
    public void NoFileOfTheIndexIsForgotten()
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(PathOf("index.json")));
        var tested = typeof(CheckpointGoldenTests).GetMethods().SelectMany(method => method.GetCustomAttributes(false)).OfType<DataRowAttribute>()
            .Select(row => (string)row.Data[0]!).ToHashSet();

        var forgotten = index.RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("file").GetString()!.TrimEnd('/'))
            .Where(file => !tested.Contains(file));

        Assert.IsEmpty(forgotten);
    }

    private static string PathOf(string file) => TestData.Path(["golden", "checkpoints", .. file.Split('/')]);

    private static VisionTransformerArchitecture Architecture(string networkCase, string[] outputs)
    {
        var whole = GoldenModel.ArchitectureOf(networkCase);
        return outputs.Any(output => output.StartsWith(Logits, StringComparison.Ordinal)) ? whole : whole with { Classes = 0 };
    }

    private void Compare(string file, VisionTransformerCheckpoint checkpoint, string networkCase, string[] outputs)
    {
        using var network = checkpoint.CreateNetwork();
        network.eval();
        var own = SafetensorsFile.Read(PathOf("expected.safetensors"));
        var model = SafetensorsFile.Read(Path.Combine(GoldenModel.Folder(networkCase), "io.safetensors"));
        var usual = networkCase == "vit_plain" ? own : model;
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var tokens = network.ForwardFeatures(tensor(usual.Floats("input"), usual.Shape("input")));
        foreach (string output in outputs)
        {
            string[] names = output.Split('=');
            var actual = names[0] switch { Tokens => tokens, Pooled => network.ForwardHead(tokens, preLogits: true), _ => network.ForwardHead(tokens) };
            var source = names[^1].Contains('.', StringComparison.Ordinal) ? own : usual;
            CollectionAssert.AreEqual(source.Shape(names[^1]), actual.shape, output);
            double difference = source.Floats(names[^1]).Zip(actual.Values(), (a, b) => Math.Abs((double)a - b)).Max();
            Report(file, output, difference);
            Assert.IsLessThanOrEqualTo(names[0] == Tokens ? TokensTolerance : OutputTolerance, difference, output);
        }
    }

    private void Report(string file, string what, double difference) =>
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {file} | {what} | {difference:g3} |"));
}
