// Reading timm's config.json: arguments compared with timm's own results, precedence, notes and errors.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Configs;

[TestClass]
public sealed class TimmConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(GoldenCases))]
    public void NameAndArgumentsGiveTheNetworkThatTimmBuilt(string name, string json)
    {
        using var document = JsonDocument.Parse(json);
        AssertFacts(document.RootElement, ReadTimm(document.RootElement), name);
    }

    [TestMethod]
    public void TheSharedGoldenConfigurationsAreRead()
    {
        int read = 0;
        foreach (string folder in Directory.GetDirectories(TestData.Path("golden", "model")).Where(f => Path.GetFileName(f) != "vit_overlap"))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
            var architecture = ReadTimm(document.RootElement);
            if (document.RootElement.TryGetProperty("embed_dim", out _))
                AssertFacts(document.RootElement, architecture, Path.GetFileName(folder));
            read++;
        }

        Assert.AreEqual(35, read);
    }

    [TestMethod]
    public void AFileOfTimmsHubIsReadWhole()
    {
        var description = Read("""
            {
              "architecture": "vit_base_patch16_224", "num_classes": 3, "num_features": 768, "global_pool": "token", "label_names": ["a", "b", "c"],
              "pretrained_cfg": {
                "tag": "dino", "custom_load": false, "input_size": [1, 256, 192], "fixed_input_size": true, "interpolation": "bilinear", "crop_pct": 0.95,
                "crop_mode": "border", "mean": [0.4], "std": [0.2], "num_classes": 1000, "pool_size": null, "first_conv": "patch_embed.proj",
                "classifier": "head"
              }
            }
            """);
        Assert.AreEqual(
            new VisionTransformerArchitecture { Classes = 3, Channels = 1, ImageSize = (256, 192) },
            description.Architecture);
        var expected = new ImagePreprocessing
        {
            Size = (256, 192),
            Interpolation = ImageInterpolation.Bilinear,
            CropFraction = 0.95,
            Resizing = ImageResizing.Pad,
            Mean = new(0.4f),
            StandardDeviation = new(0.2f),
        };
        Assert.AreEqual(expected, description.Preprocessing);
        CollectionAssert.AreEqual(new[] { "a", "b", "c" }, description.ClassNames!.ToArray());
        Assert.IsEmpty(description.Notes);
    }

    [TestMethod]
    public void TheSharedHubFolderIsReadWithoutAnAssumption()
    {
        var description = TimmConfig.Read(TestData.Path("golden", "checkpoints", "timm", "config.json"));
        var expected = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = 32,
            PatchSize = 8,
            EmbeddingDimension = 32,
            Depth = 2,
            Heads = 4,
            Classes = 10,
        };
        Assert.AreEqual(expected, description.Architecture);
        Assert.AreEqual(new ImagePreprocessing { Size = 32 }, description.Preprocessing);
        Assert.AreEqual("parachute", description.ClassNames![9]);
        Assert.IsEmpty(description.Notes);
    }

    [TestMethod]
    public void NamesMayBeKeyedByIndexAndThoseOfOtherWeightsAreLeftOut()
    {
        var byIndex = Read("""{"architecture": "vit_tiny_patch16_224", "num_classes": 2, "label_names": {"1": "b", "0": "a"}}""");
        CollectionAssert.AreEqual(new[] { "a", "b" }, byIndex.ClassNames!.ToArray());
        var stale = Read("""{"architecture": "vit_tiny_patch16_224", "num_classes": 2, "pretrained_cfg": {"label_names": ["a", "b", "c"]}}""");
        Assert.IsNull(stale.ClassNames);
        Assert.Contains("label_names has 3 names for 2 classes: they belong to other weights", stale.Notes[^1]);
    }

    [TestMethod]
    public void FurtherChannelsHaveTheAverage()
    {
        var description = Read("""
            {"architecture": "vit_tiny_patch16_224", "model_args": {"in_chans": 1},
             "pretrained_cfg": {"mean": [0.1, 0.2, 0.6], "std": [0.25, 0.25, 0.25]}}
            """);
        Assert.AreEqual(0.3f, description.Preprocessing.Mean.Single(), 1e-7f);
        Assert.AreEqual(new ChannelValues(0.25f), description.Preprocessing.StandardDeviation);
        Assert.IsTrue(description.Notes.Any(note => note.Contains("mean has 3 values for 1 channels", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void AnOldFileHasTheSettingsAtTheTop()
    {
        var description = Read("""
            {"architecture": "vit_tiny_patch16_224", "num_classes": 2, "input_size": [3, 96, 96], "mean": [0.1, 0.2, 0.3], "labels": ["x", "y"]}
            """);
        Assert.AreEqual(new ImageDimensions(96, 96), description.Architecture.ImageSize);
        Assert.AreEqual(new ChannelValues(0.1f, 0.2f, 0.3f), description.Preprocessing.Mean);
        CollectionAssert.AreEqual(new[] { "x", "y" }, description.ClassNames!.ToArray());
    }

    [TestMethod]
    public void WhatTheFileDoesNotSayIsTakenFromNameAndTagAndNoted()
    {
        var description = Read("""{"architecture": "vit_base_patch16_224", "pretrained_cfg": {"tag": "mae", "crop_pct": 1.0}}""");
        Assert.AreEqual(0, description.Architecture.Classes);
        Assert.AreEqual(new ChannelValues(0.485f, 0.456f, 0.406f), description.Preprocessing.Mean);
        Assert.AreEqual(1.0, description.Preprocessing.CropFraction);
        Assert.HasCount(2, description.Notes);
        Assert.Contains("no num_classes; 0 is assumed", description.Notes[0]);
        Assert.Contains("has no mean, std, crop_mode, interpolation; the values of timm's vit_base_patch16_224.mae are used", description.Notes[1]);
    }

    [TestMethod]
    public void ArgumentsComeBeforeTheRest()
    {
        var description = Read("""
            {"architecture": "vit_tiny_patch16_224", "global_pool": "token", "model_args": {"img_size": 64, "global_pool": "avg", "drop_rate": 0.1},
             "pretrained_cfg": {"input_size": [3, 224, 224], "num_classes": 5}}
            """);
        Assert.AreEqual(new ImageDimensions(64, 64), description.Architecture.ImageSize);
        Assert.AreEqual(description.Architecture.ImageSize, description.Preprocessing.Size);
        Assert.AreEqual((TokenPooling.Average, true), (description.Architecture.Pooling, description.Architecture.NormsPooled));
        Assert.AreEqual(5, description.Architecture.Classes);
        Assert.IsTrue(description.Notes.Any(note => note.Contains("drop_rate", StringComparison.Ordinal)));
        Assert.IsTrue(description.Notes.Any(note => note.Contains("global_pool is \"token\"", StringComparison.Ordinal)));
        Assert.IsTrue(description.Notes.Any(note => note.Contains("img_size 64x64", StringComparison.Ordinal)));
    }

    [TestMethod]
    // By default timm's VisionTransformer places the norm after average and max pooling, Eva after average pooling only. An explicit setting overrides it.
    [DataRow("vit_tiny_patch16_224", """{"global_pool": "max"}""", true)]
    [DataRow("vit_tiny_patch16_224", """{"global_pool": "avg", "fc_norm": false}""", false)]
    [DataRow("vit_base_patch16_gap_224", """{"global_pool": "max"}""", false)]
    [DataRow("vit_base_patch16_gap_224", """{"fc_norm": null}""", true)]
    [DataRow("vit_tiny_patch16_224", """{"fc_norm": true}""", true)]
    [DataRow("eva_giant_patch14_224", """{"global_pool": "max"}""", false)]
    [DataRow("eva_giant_patch14_224", """{"global_pool": "max", "use_fc_norm": true}""", true)]
    [DataRow("eva_giant_patch14_224", """{"use_post_transformer_norm": false}""", true)]
    [DataRow("eva_giant_patch14_clip_224", """{}""", false)]
    [DataRow("vit_small_patch16_dinov3", """{}""", false)]
    [DataRow("vit_small_patch16_dinov3", """{"use_fc_norm": null}""", true)]
    public void TheFinalNormIsWhereTimmPutsIt(string name, string arguments, bool behind) =>
        Assert.AreEqual(behind, Read($$"""{"architecture": "{{name}}", "model_args": {{arguments}}}""").Architecture.NormsPooled);

    [TestMethod]
    [DataRow("""{"architecture": "vit_tiny_patch16_225"}""", "architecture is \"vit_tiny_patch16_225\", which is not a known")]
    [DataRow("""{"architecture": "vit_tiny_patch16_225"}""", "\"vit_tiny_patch16_224\"")]
    [DataRow("""{"architecture": 5}""", "architecture is JSON number, but a string is expected")]
    [DataRow("""{"model_type": "vit"}""", "has no architecture")]
    [DataRow("""[1]""", "is JSON array")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "architecture": "vit_tiny_patch16_224"}""", "twice")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "num_classes": "10"}""", "num_classes is \"10\"; an integer from 0")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "num_classes": -1}""", "num_classes is -1")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "num_features": 384}""", "num_features is 384; 192, as in the architecture")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "num_classes": 4, "model_args": {"num_classes": 5}}""", "num_classes is 4; 5, as in")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "label_names": ["a"]}""", "label_names has 1 names for 1000 classes")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "num_classes": 2, "label_names": {"0": "a", "2": "b"}}""", "has the key 2")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"embed_layer": "OverlapPatchEmbed"}}""", "embed_layer is not a supported argument")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"embed_dims": 1}}""", "the closest is \"embed_dim\"")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"swiglu_mlp": true}}""", "swiglu_mlp is not a supported argument")]
    [DataRow("""{"architecture": "eva02_tiny_patch14_224", "model_args": {"qk_norm": true}}""", "qk_norm is not a supported argument")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"depth": 2.5}}""", "depth is 2.5")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"depth": 3000000000}}""", "depth is 3000000000; an integer from 1 to 1000000")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"img_size": [1, 2, 3]}}""", "img_size is JSON array; one size, or [rows, columns]")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"global_pool": "prr"}}""", "\"avgmax\"")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"act_layer": "relu"}}""", "\"quick_gelu\"")]
    [DataRow("""{"architecture": "vit_giant_patch14_dinov2", "model_args": {"act_layer": "gelu"}}""", "\"silu\"")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"qk_norm": 1}}""", "qk_norm is 1; true or false")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"norm_layer": "rmsnorm"}}""", "\"layernorm\"")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"final_norm": false}}""", "final_norm is false; true")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"mlp_ratio": 0}}""", "mlp_ratio is 0; a number above 0")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"drop_path_rate": 1}}""", "drop_path_rate is 1; a rate of at least 0 and below 1")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"class_token": false}}""", "global_pool is \"token\" and class_token false")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "model_args": {"num_heads": 5}}""", "Heads is 5")]
    [DataRow("""{"architecture": "deit_tiny_distilled_patch16_224", "model_args": {"global_pool": "avg"}}""", "with a distillation token")]
    [DataRow("""{"architecture": "eva02_tiny_patch14_224", "model_args": {"rope_type": "mixed"}}""", "\"dinov3\"")]
    [DataRow("""{"architecture": "eva02_tiny_patch14_224", "model_args": {"rope_type": "dinov3"}}""", "with \"rope_rotate_half\" false")]
    [DataRow("""{"architecture": "eva02_tiny_patch14_224", "model_args": {"rope_grid_indexing": "xy"}}""", "\"ij\"")]
    [DataRow("""{"architecture": "eva02_tiny_patch14_224", "model_args": {"use_post_norm": true}}""", "use_post_norm is true; false")]
    [DataRow("""{"architecture": "eva02_tiny_patch14_224", "model_args": {"use_post_transformer_norm": true}}""", "use_post_transformer_norm is true; false")]
    [DataRow("""{"architecture": "eva02_tiny_patch14_224", "model_args": {"global_pool": "map"}}""", "which timm's Eva includes")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"input_size": [224, 224]}}""", "input_size is JSON array; [channels, rows, columns]")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"crop_pct": 1.5}}""", "crop_pct is 1.5")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"std": [0.5, 0.5, 0]}}""", "std[2] is 0; numbers above 0")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"mean": [0.5, 0.5]}}""", "one number for each of 3 channels")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"crop_mode": "edge"}}""", "\"squash\"")]
    [DataRow("""{"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"interpolation": "nearest"}}""", "\"lanczos\"")]
    public void AWrongFileIsRefusedWithFileKeyAndWhatIsAllowed(string json, string expected)
    {
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => Read(json));
        Assert.Contains(expected, error.Message);
        Assert.Contains("config.json", error.Message);
    }

    [TestMethod]
    [DataRow("""{"architecture": "resnet50"}""", true)]
    [DataRow("""{"architectures": ["ViTModel"], "model_type": "vit"}""", false)]
    [DataRow("""{"architecture": ["vit"]}""", false)]
    [DataRow("""[]""", false)]
    public void AnArchitectureMakesAFileTimms(string json, bool expected) => Assert.AreEqual(expected, TimmConfig.Matches(Save(json)));

    public static IEnumerable<object[]> GoldenCases()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestData.Path("timm-presets", "golden-arguments.json")));
        return [.. document.RootElement.EnumerateArray()
            .Where(c => c.GetProperty("case").GetString() != "vit_overlap")    // its patch layer is not a supported argument of timm's
            .Select(c => new object[] { c.GetProperty("case").GetString()!, c.GetRawText() })];
    }

    private static void AssertFacts(JsonElement fact, VisionTransformerArchitecture a, string name)
    {
        bool swiGlu = Text("mlp_type") != "mlp";
        Assert.AreEqual(Size("image_size"), a.ImageSize, name);
        Assert.AreEqual(Size("patch_size"), a.PatchSize, name);
        Assert.AreEqual(Flag("patch_bias"), a.PatchBias, name);
        Assert.AreEqual(Flag("pre_norm"), a.PreNorm, name);
        Assert.AreEqual(
            (Int("in_channels"), Int("num_classes"), Int("embed_dim"), Int("depth"), Int("num_heads"), Int("mlp_hidden_dim")),
            (a.Channels, a.Classes, a.EmbeddingDimension, a.Depth, a.Heads, a.MlpHiddenDimension),
            name);
        Assert.AreEqual(swiGlu, a.Mlp == MlpKind.SwiGlu, name);
        if (!swiGlu)
            Assert.AreEqual(Text("activation"), TimmNames.Of(TimmNames.Activation, a.Activation), name);
        Assert.AreEqual(Text("qkv_bias"), !a.QkvBias ? "none" : a.KeyBias ? "q_k_v" : "q_and_v_only", name);
        Assert.AreEqual(
            (Flag("mlp_hidden_norm"), Flag("qk_norm"), Flag("attention_output_norm"), Flag("layer_scale")),
            (a.MlpNorm, a.QkNorm, a.AttentionNorm, a.LayerScale is not null),
            name);
        Assert.AreEqual(
            (Flag("class_token"), Flag("distill_token"), Int("register_tokens"), Int("num_prefix_tokens")),
            (a.ClassToken, a.DistillationToken, a.RegisterTokens, a.PrefixTokens),
            name);
        Assert.AreEqual(Int("pos_embed_length"), a.PositionEmbedding == PositionEmbedding.Learned ? a.PositionCount : 0, name);
        string pooling = a.DistillationToken ? "token_and_distill_token_averaged"
            : a.Pooling == TokenPooling.None ? "none" : TimmNames.Of(TimmNames.Pooling, a.Pooling)!;
        Assert.AreEqual((Text("pooling"), Flag("pool_includes_prefix"), Flag("fc_norm_after_pool")), (pooling, a.PoolPrefixTokens, a.NormsPooled), name);
        Assert.AreEqual(fact.GetProperty("norm_eps").GetDouble(), a.NormEpsilon, name);
        Assert.AreEqual(fact.GetProperty("drop_path_rates").EnumerateArray().Last().GetDouble(), a.DropPathRate, 1e-7, name);
        AssertRotary(fact.GetProperty("rope"), a.Rotary, name);

        int Int(string key) => fact.GetProperty(key).GetInt32();
        bool Flag(string key) => fact.GetProperty(key).GetBoolean();
        string Text(string key) => fact.GetProperty(key).GetString()!;
        ImageDimensions Size(string key) => (fact.GetProperty(key)[0].GetInt32(), fact.GetProperty(key)[1].GetInt32());
    }

    private static void AssertRotary(JsonElement fact, RotaryEmbedding? rotary, string name)
    {
        var expected = fact.ValueKind == JsonValueKind.Null ? null
            : fact.GetProperty("type").GetString() == "dinov3"
                ? new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = fact.GetProperty("period_base").GetDouble() }
                : new RotaryEmbedding
                {
                    Temperature = fact.GetProperty("temperature").GetDouble(),
                    ReferenceGrid = (fact.GetProperty("reference_grid")[0].GetInt32(), fact.GetProperty("reference_grid")[1].GetInt32()),
                };
        Assert.AreEqual(expected, rotary, name);
    }

    /// <summary>A golden case as a file with nothing but a name and arguments.</summary>
    private VisionTransformerArchitecture ReadTimm(JsonElement golden)
    {
        var timm = golden.GetProperty("timm");
        var config = new { architecture = timm.GetProperty("model").GetString(), model_args = timm.GetProperty("kwargs") };
        return Read(JsonSerializer.Serialize(config)).Architecture;
    }

    private CheckpointDescription Read(string json) => TimmConfig.Read(Save(json));

    private string Save(string json)
    {
        string path = _folder.File("config.json");
        File.WriteAllText(path, json);
        return path;
    }
}
