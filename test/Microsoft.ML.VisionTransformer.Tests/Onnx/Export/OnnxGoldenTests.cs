// Every golden network in ONNX Runtime, compared with timm's values.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Onnx.Export;

[TestClass]
public sealed class OnnxGoldenTests
{
    /// <summary>The documented tolerance of the export. Rounding alone is below 2e-5.</summary>
    private const double Tolerance = 1e-4;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<string> Cases { get; } =
    [
        "clip_gelu_proj", "clip_quickgelu", "deit3_layerscale_droppath", "deit_distilled", "dinov2_mlp", "dinov2_reg4_mlp", "dinov2_reg4_swiglu", "dinov3_mlp",
        "dinov3_qkvb_avg", "dinov3_swiglu", "eva02_base_split", "eva02_clip", "eva02_tiny", "eva_giant_abs", "siglip_map", "siglip_map_reg4", "vit_avg_fcnorm",
        "vit_avg_fcnorm_nocls", "vit_avg_include_prefix", "vit_avg_prenormpool_reg4", "vit_avgmax_pool", "vit_eps_sensitive", "vit_feature_extractor",
        "vit_in_chans_1", "vit_in_chans_4", "vit_max_pool", "vit_no_pool_tokens", "vit_no_posembed", "vit_no_qkv_bias", "vit_nonsquare", "vit_nonsquare_patch",
        "vit_overlap", "vit_plain", "vit_qk_attn_mlp_norm", "vit_qk_norm",
    ];

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheFileGivesTimmsLogits(string name)
    {
        using var golden = GoldenModel.Load(name);
        using var work = new TemporaryFolder();
        string path = work.File("model.onnx");
        OnnxGolden.Write(path, golden.Network, new OnnxExportOptions());
        using var run = new OnnxRun(path);

        if (golden.Network.Architecture.Classes > 0)
            AssertClose(golden, run, "logits", "logits");
        AssertClose(golden, run, "pooled", "embedding");
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void HalfPrecisionStaysNearTimmsLogits(string name)
    {
        using var golden = GoldenModel.Load(name);
        using var work = new TemporaryFolder();
        string path = work.File("model.onnx");
        OnnxGolden.Write(path, golden.Network, new OnnxExportOptions { Precision = OnnxPrecision.Float16, BatchSize = (int)golden["input"].shape[0] });
        using var run = new OnnxRun(path);

        AssertClose(golden, run, "pooled", "embedding", tolerance: 0.05);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void IntegersKeepTheDirectionOfTheFeatures(string name)
    {
        using var golden = GoldenModel.Load(name);
        using var work = new TemporaryFolder();
        string path = work.File("model.onnx");
        OnnxGolden.Write(path, golden.Network, new OnnxExportOptions { Precision = OnnxPrecision.Int8 });
        using var run = new OnnxRun(path);

        float[] found = Run(golden, run, "embedding"), expected = golden["pooled"].data<float>().ToArray();
        double cosine = found.Zip(expected, (a, b) => (double)a * b).Sum() / Math.Sqrt(found.Sum(a => (double)a * a) * expected.Sum(b => (double)b * b));
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cosine {cosine:f5}"));
        Assert.IsGreaterThan(0.98, cosine);
    }

    /// <summary>One checkpoint of each layout; a single file needs its architecture.</summary>
    [TestMethod]
    [DataRow("timm", null)]
    [DataRow("hf-vit", null)]
    [DataRow("hf-vit-sharded", null)]
    [DataRow("hf-vit-backbone", null)]
    [DataRow("jax/vit.npz", null)]
    [DataRow("jax/vit_big_vision.npz", null)]
    [DataRow("jax/vit_big_vision_scan.npz", null)]
    [DataRow("jax/siglip_big_vision.npz", null)]
    [DataRow("hf-dinov2", null)]
    [DataRow("hf-dinov2-classifier", null)]
    [DataRow("hf-dinov2-registers", null)]
    [DataRow("hf-dinov2-registers-swiglu", null)]
    [DataRow("hf-dinov3", null)]
    [DataRow("hf-clip", null)]
    [DataRow("hf-siglip", null)]
    [DataRow("dtype/bf16.safetensors", "vit_plain")]
    [DataRow("pytorch/state_dict.pth", "vit_plain")]
    [DataRow("torchvision/vit.pth", "vit_plain")]
    [DataRow("dinov2-original/dinov2_reg4_swiglu.pth", "dinov2_reg4_swiglu")]
    [DataRow("dinov3-original/dinov3_swiglu.pth", "dinov3_swiglu")]
    [DataRow("openai-clip/model.safetensors", "clip_quickgelu")]
    public void EveryCheckpointLayoutGivesTheNetworksNumbers(string file, string? networkCase)
    {
        var given = networkCase is null ? null : GoldenModel.ArchitectureOf(networkCase) with { HeadBias = networkCase != "clip_quickgelu" };
        using var checkpoint = VisionTransformerCheckpoint.Load(TestData.Path(["golden", "checkpoints", .. file.Split('/')]), given, strict: given is null);
        using var network = checkpoint.CreateNetwork();
        network.eval();
        using var work = new TemporaryFolder();
        string path = work.File("model.onnx");
        OnnxGolden.Write(path, network, new OnnxExportOptions());
        using var run = new OnnxRun(path);
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var (channels, size) = (checkpoint.Architecture.Channels, checkpoint.Architecture.ImageSize);
        var images = linspace(0, 97, 2 * channels * size.Height * size.Width).sin().reshape(2, channels, size.Height, size.Width);
        var expected = network.forward(images);

        int[] shape = [.. images.shape.Select(s => (int)s)];
        float[] found = run.Run(images.data<float>().ToArray(), shape, checkpoint.Architecture.Classes > 0 ? "logits" : "embedding");

        double difference = (tensor(found, expected.shape) - expected).abs().max().item<float>();
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"largest difference {difference:g3}, allowed {Tolerance:g3}"));
        Assert.IsLessThanOrEqualTo(Tolerance, difference);
    }

    private static float[] Run(GoldenModel golden, OnnxRun run, string output)
    {
        var input = golden["input"];
        return run.Run(input.data<float>().ToArray(), [.. input.shape.Select(s => (int)s)], output);
    }

    private void AssertClose(GoldenModel golden, OnnxRun run, string name, string output, double tolerance = Tolerance)
    {
        float[] values = Run(golden, run, output);
        using var found = tensor(values, golden[name].shape);
        double difference = golden.Difference(name, found);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: largest difference {difference:g3}, allowed {tolerance:g3}"));
        Assert.IsLessThanOrEqualTo(tolerance, difference, output);
    }
}
