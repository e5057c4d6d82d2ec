// The shared Hugging Face folders: their architectures match the networks behind timm's reference values.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class HuggingFaceGoldenTests
{
    /// <summary>Heads differ on purpose: the folder, its classes, what the head sees, and the representation layer.</summary>
    [TestMethod]
    [DataRow("hf-vit", 10, TokenPooling.ClassToken, 0)]
    [DataRow("hf-vit-sharded", 10, TokenPooling.ClassToken, 0)]
    [DataRow("hf-vit-backbone", 0, TokenPooling.ClassToken, 32)]
    [DataRow("hf-dinov2", 0, TokenPooling.ClassToken, 0)]
    [DataRow("hf-dinov2-classifier", 10, TokenPooling.ClassTokenAndAverage, 0)]
    [DataRow("hf-dinov2-registers", 0, TokenPooling.ClassToken, 0)]
    [DataRow("hf-dinov2-registers-swiglu", 0, TokenPooling.ClassToken, 0)]
    [DataRow("hf-dinov3", 0, TokenPooling.ClassToken, 0)]
    [DataRow("hf-clip", 10, TokenPooling.ClassToken, 0)]
    [DataRow("hf-siglip", 0, TokenPooling.Attention, 0)]
    public void AFolder_DescribesTheNetworkOfItsCase(string name, int classes, TokenPooling pooling, int representation)
    {
        string folder = TestData.Path("golden", "checkpoints", name);
        using var weights = Open(folder);

        var found = HuggingFaceConfig.Read(folder, weights).Architecture;

        Assert.AreEqual((classes, pooling, representation), (found.Classes, found.Pooling, found.RepresentationDimension));
        using var golden = Case(name + "/");
        ExpectSizes(golden.RootElement, found);
        ExpectParts(golden.RootElement, found);
    }

    [TestMethod]
    public void TheTinyImageNetModel_IsReadWhole()
    {
        Requires.OptionalData();
        string folder = OptionalData.PretrainedModel;
        using var weights = Open(folder);

        var found = HuggingFaceConfig.Read(folder, weights);

        Assert.AreEqual(VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { Classes = 200, NormEpsilon = 1e-12 }, found.Architecture);
        var half = new ChannelValues(0.5f, 0.5f, 0.5f);
        Assert.AreEqual(
            new ImagePreprocessing { CropFraction = 224.0 / 256, Interpolation = ImageInterpolation.Bilinear, Mean = half, StandardDeviation = half },
            found.Preprocessing);
        Assert.IsEmpty(found.Notes);
        Assert.AreEqual(200, found.ClassNames!.Count);
        Assert.AreEqual(("n01443537", "n07747607"), (found.ClassNames[0], found.ClassNames[199]));
    }

    private static void ExpectSizes(JsonElement golden, VisionTransformerArchitecture found)
    {
        Assert.AreEqual(Sides(golden, "image_size"), found.ImageSize);
        Assert.AreEqual(Sides(golden, "patch_size"), found.PatchSize);
        Assert.AreEqual(Whole(golden, "in_channels"), found.Channels);
        Assert.AreEqual(Whole(golden, "embed_dim"), found.EmbeddingDimension);
        Assert.AreEqual(Whole(golden, "depth"), found.Depth);
        Assert.AreEqual(Whole(golden, "num_heads"), found.Heads);
        Assert.AreEqual(Whole(golden, "mlp_hidden_dim"), found.MlpHiddenDimension);
        Assert.AreEqual(Whole(golden, "register_tokens"), found.RegisterTokens);
        Assert.AreEqual(Whole(golden, "num_prefix_tokens"), found.PrefixTokens);
        Assert.AreEqual(Whole(golden, "pos_embed_length"), found.PositionEmbedding == PositionEmbedding.None ? 0 : found.PositionCount);
        Assert.AreEqual(golden.GetProperty("norm_eps").GetDouble(), found.NormEpsilon);
    }

    private static void ExpectParts(JsonElement golden, VisionTransformerArchitecture found)
    {
        Assert.AreEqual(Is(golden, "patch_bias"), found.PatchBias);
        Assert.AreEqual(Is(golden, "swiglu"), found.Mlp == MlpKind.SwiGlu);
        Assert.AreEqual(Is(golden, "layer_scale"), found.LayerScale is not null);
        Assert.AreEqual(Is(golden, "class_token"), found.ClassToken);
        Assert.AreEqual(Is(golden, "distill_token"), found.DistillationToken);
        Assert.AreEqual(Is(golden, "pre_norm"), found.PreNorm);
        Assert.AreEqual(Is(golden, "fc_norm_after_pool"), found.NormsPooled);
        Assert.AreEqual(Is(golden, "qk_norm"), found.QkNorm);
        string bias = golden.GetProperty("qkv_bias").GetString()!;
        Assert.AreEqual((bias != "none", bias == "q_k_v"), (found.QkvBias, found.KeyBias));
        Assert.AreEqual(golden.GetProperty("activation").GetString(), found.Mlp == MlpKind.SwiGlu ? "silu" : Activation(found.Activation));
        Assert.AreEqual(golden.GetProperty("rope").ValueKind == JsonValueKind.Null, found.Rotary is null);
        if (found.Rotary is { } rotary)
            Assert.AreEqual((RotaryLayout.Dinov3, golden.GetProperty("rope").GetProperty("period_base").GetDouble()), (rotary.Layout, rotary.Temperature));
    }

    private static string Activation(MlpActivation activation) => activation switch
    {
        MlpActivation.GeluTanh => "gelu_tanh",
        MlpActivation.QuickGelu => "quick_gelu",
        _ => "gelu",
    };

    private static JsonDocument Case(string file)
    {
        using var index = JsonDocument.Parse(File.ReadAllBytes(TestData.Path("golden", "checkpoints", "index.json")));
        var entry = index.RootElement.GetProperty("files").EnumerateArray().Single(e => e.GetProperty("file").GetString() == file);
        return JsonDocument.Parse(File.ReadAllBytes(TestData.Path("golden", "model", entry.GetProperty("case").GetString()!, "config.json")));
    }

    private static CheckpointFile Open(string folder)
    {
        string file = Path.Combine(folder, "model.safetensors");
        return File.Exists(file) ? SafetensorsCheckpoint.Open(file) : ShardedSafetensorsCheckpoint.Open(file + ".index.json");
    }

    private static int Whole(JsonElement golden, string key) => golden.GetProperty(key).GetInt32();

    private static bool Is(JsonElement golden, string key) => golden.GetProperty(key).GetBoolean();

    private static ImageDimensions Sides(JsonElement golden, string key) => new(golden.GetProperty(key)[0].GetInt32(), golden.GetProperty(key)[1].GetInt32());
}
