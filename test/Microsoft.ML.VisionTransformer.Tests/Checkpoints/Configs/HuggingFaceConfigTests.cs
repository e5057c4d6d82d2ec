// The architecture of each Hugging Face model type, from configurations with almost only defaults.
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Configs;

[TestClass]
public sealed class HuggingFaceConfigTests
{
    private static readonly VisionTransformerArchitecture _base = new();

    [TestMethod]
    public void AnEmptyVit_IsViTB16WithoutAHead() => Expect("""{"model_type": "vit"}""", _base with { Classes = 0, NormEpsilon = 1e-12 });

    [TestMethod]
    public void AVitClassifier_HasTwoClassesWhereItsNumberIsLeftOut() =>
        Expect("""{"model_type": "vit", "architectures": ["ViTForImageClassification"]}""", _base with { Classes = 2, NormEpsilon = 1e-12 });

    [TestMethod]
    public void AClassifierWeight_MakesAHeadWhateverTheClassIsCalled() => Expect(
        """{"model_type": "vit", "num_labels": 5}""",
        _base with { Classes = 5, NormEpsilon = 1e-12 },
        ("classifier.weight", [5, 768]),
        ("classifier.bias", [5]));

    [TestMethod]
    [DataRow("pooler.dense.weight")]
    [DataRow("vit.pooler.dense.weight")]
    public void APooler_IsTheRepresentationLayer(string name) => Expect(
        """{"model_type": "vit", "architectures": ["ViTModel"], "hidden_size": 96, "id2label": {"0": "a", "1": "b", "2": "c"}}""",
        _base with { Classes = 0, NormEpsilon = 1e-12, EmbeddingDimension = 96, MlpRatio = 32, RepresentationDimension = 96 },
        (name, [96, 96]));

    [TestMethod]
    public void APoolerBesideAClassifier_IsLeftOut() => Expect(
        """{"model_type": "vit", "num_labels": 3}""",
        _base with { Classes = 3, NormEpsilon = 1e-12 },
        ("vit.pooler.dense.weight", [768, 768]),
        ("classifier.weight", [3, 768]));

    [TestMethod]
    public void EverySettingOfAVit_IsRead() => Expect(
        """
        {
          "model_type": "vit", "hidden_size": 36, "num_hidden_layers": 5, "num_attention_heads": 3, "intermediate_size": 100, "hidden_act": "gelu_pytorch_tanh",
          "layer_norm_eps": 1e-5, "image_size": [48, 80], "patch_size": [8, 16], "num_channels": 1, "qkv_bias": false,
          "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.2
        }
        """,
        _base with
        {
            Classes = 0,
            EmbeddingDimension = 36,
            Depth = 5,
            Heads = 3,
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(100, 36),
            Activation = MlpActivation.GeluTanh,
            NormEpsilon = 1e-5,
            ImageSize = (48, 80),
            PatchSize = (8, 16),
            Channels = 1,
            QkvBias = false,
            EmbeddingDropoutRate = 0.1,
            ProjectionDropoutRate = 0.1,
            AttentionDropoutRate = 0.2,
        });

    [TestMethod]
    public void Msn_HasAnEpsilonOfItsOwn() => Expect("""{"model_type": "vit_msn"}""", _base with { Classes = 0 });

    [TestMethod]
    public void Mae_IsItsEncoder()
    {
        var found = HuggingFaceFolder.Read("""{"model_type": "vit_mae", "architectures": ["ViTMAEForPreTraining"]}""", ("decoder.mask_token", [1, 1, 512]));

        AssertEqual(_base with { Classes = 0, NormEpsilon = 1e-12 }, found.Architecture);
        Assert.Contains("decoder", string.Join(' ', found.Notes));
    }

    [TestMethod]
    public void DeitWithATeacher_HasTwoHeads() => Expect(
        """{"model_type": "deit", "architectures": ["DeiTForImageClassificationWithTeacher"], "num_labels": 7}""",
        _base with { DistillationToken = true, Classes = 7, NormEpsilon = 1e-12 },
        ("cls_classifier.weight", [7, 768]),
        ("distillation_classifier.weight", [7, 768]));

    [TestMethod]
    public void DeitWithOneHead_OnlyCarriesItsDistillationToken() => Expect(
        """{"model_type": "deit", "architectures": ["DeiTForImageClassification"], "num_labels": 7}""",
        _base with { RegisterTokens = 1, Classes = 7, NormEpsilon = 1e-12 });

    [TestMethod]
    public void AnEmptyDinov2_GivesTheClassToken() => Expect("""{"model_type": "dinov2"}""", _base with { PatchSize = 14, Classes = 0, LayerScale = 1 });

    [TestMethod]
    public void ADinov2Classifier_SeesClassTokenAndMean() => Expect(
        """{"model_type": "dinov2", "architectures": ["Dinov2ForImageClassification"], "num_labels": 4, "layerscale_value": 1e-5}""",
        _base with { PatchSize = 14, Classes = 4, LayerScale = 1e-5, Pooling = TokenPooling.ClassTokenAndAverage },
        ("classifier.weight", [4, 1536]));

    [TestMethod]
    public void Dinov2Registers_HaveNoPositions() => Expect(
        """{"model_type": "dinov2_with_registers", "drop_path_rate": 0.25}""",
        _base with { Classes = 0, LayerScale = 1, RegisterTokens = 4, PositionsCoverPrefix = false, DropPathRate = 0.25 });

    [TestMethod]
    [DataRow(1536, "4", 4096, DisplayName = "DINOv2 giant")]
    [DataRow(36, "4", 96, DisplayName = "rounded down to 96, a multiple of 8")]
    [DataRow(48, "4", 128, DisplayName = "128 stays")]
    [DataRow(60, "2.5", 104, DisplayName = "100 is rounded up")]
    public void ASwiGlu_HasTwoThirdsOfTheWidthInMultiplesOf8(int dimension, string ratio, int hidden)
    {
        var found = HuggingFaceFolder.Read(
            $$"""
            {"model_type": "dinov2", "hidden_size": {{dimension}}, "num_attention_heads": 3, "mlp_ratio": {{ratio}}, "use_swiglu_ffn": true}
            """).Architecture;

        Assert.AreEqual(MlpKind.SwiGlu, found.Mlp);
        Assert.AreEqual(hidden, found.MlpHiddenDimension);
    }

    [TestMethod]
    public void AnEmptyDinov3_IsItsSmallModel() => Expect("""{"model_type": "dinov3_vit"}""", Dinov3());

    [TestMethod]
    public void EverySettingOfADinov3_IsRead() => Expect(
        """
        {
          "model_type": "dinov3_vit", "hidden_size": 48, "intermediate_size": 104, "use_gated_mlp": true, "hidden_act": "silu",
          "query_bias": false, "value_bias": false, "num_register_tokens": 4, "rope_theta": 64.5, "layerscale_value": 1e-5,
          "attention_dropout": 0.1, "pos_embed_shift": null
        }
        """,
        Dinov3() with
        {
            EmbeddingDimension = 48,
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(104, 48),
            Mlp = MlpKind.SwiGlu,
            QkvBias = false,
            KeyBias = true,
            RegisterTokens = 4,
            Rotary = new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = 64.5 },
            LayerScale = 1e-5,
            AttentionDropoutRate = 0.1,
        });

    [TestMethod]
    public void AnEmptyClipTower_IsViTB32() => Expect("""{"model_type": "clip_vision_model"}""", Clip());

    [TestMethod]
    public void AClipProjection_IsAHeadWithoutBiasAndWithoutNames()
    {
        var found = HuggingFaceFolder.Read(
            """{"model_type": "clip_vision_model", "projection_dim": 10, "id2label": {"0": "cat", "1": "dog"}}""", ("visual_projection.weight", [10, 768]));

        AssertEqual(Clip() with { Classes = 10 }, found.Architecture);
        Assert.IsNull(found.ClassNames);
        Assert.Contains("embedding", string.Join(' ', found.Notes));
    }

    [TestMethod]
    [DataRow("\"vision_config\": {\"hidden_size\": 96, \"hidden_act\": \"gelu\"}")]
    [DataRow("\"vision_config\": {\"hidden_size\": 48, \"patch_size\": 8}, \"vision_config_dict\": {\"hidden_size\": 96, \"hidden_act\": \"gelu\"}")]
    [DataRow("\"vision_config\": {\"hidden_size\": 96, \"hidden_act\": \"gelu\"}, \"vision_config_dict\": null")]
    public void AWholeClip_HasItsTowerInside(string vision) => Expect(
        $$"""{"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": 20, "hidden_size": 7, {{vision}}}""",
        Clip() with { EmbeddingDimension = 96, MlpRatio = 32, Activation = MlpActivation.Gelu, Classes = 20 });

    [TestMethod]
    public void AnEmptySiglip_IsItsBaseModel()
    {
        var expected = _base with { ClassToken = false, Pooling = TokenPooling.Attention, Classes = 0, Activation = MlpActivation.GeluTanh };

        Expect("""{"model_type": "siglip_vision_model"}""", expected);
        Expect("""{"model_type": "siglip", "vision_config": {"image_size": 256}}""", expected with { ImageSize = 256 });
    }

    [TestMethod]
    public void ASiglipClassifier_SeesTheMeanBehindTheNorm() => Expect(
        """{"model_type": "siglip", "architectures": ["SiglipForImageClassification"], "id2label": {"0": "x", "1": "y", "2": "z"}}""",
        _base with { ClassToken = false, Pooling = TokenPooling.Average, NormAfterPooling = false, Classes = 3, Activation = MlpActivation.GeluTanh },
        ("vision_model.head.probe", [1, 1, 768]),
        ("classifier.weight", [3, 768]));

    [TestMethod]
    public void ASiglipWithoutItsPool_GivesAllTokens() => Assert.AreEqual(
        TokenPooling.None, HuggingFaceFolder.Read("""{"model_type": "siglip_vision_model", "vision_use_head": false}""").Architecture.Pooling);

    [TestMethod]
    public void ClassNames_AreInTheNumericOrderOfTheirKeys()
    {
        string labels = string.Join(", ", Enumerable.Range(0, 12).Reverse().Select(i => $"\"{i}\": \"class {i}\""));

        var found = HuggingFaceFolder.Read($$"""{"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": { {{labels}} } }""");

        Assert.AreEqual(12, found.Architecture.Classes);
        CollectionAssert.AreEqual(Enumerable.Range(0, 12).Select(i => $"class {i}").ToArray(), found.ClassNames!.ToArray());
    }

    [TestMethod]
    public void Placeholders_AreNoNames()
    {
        var found = HuggingFaceFolder.Read(
            """{"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}""");

        Assert.AreEqual(3, found.Architecture.Classes);
        Assert.IsNull(found.ClassNames);
    }

    [TestMethod]
    [DataRow("vit", 192, 3, 768, 384, "vit_tiny_patch16_384", DisplayName = "another epsilon is no other network")]
    [DataRow("vit", 192, 3, 768, 96, "vit_tiny_patch16_224", DisplayName = "another image size: the nearest preset")]
    [DataRow("vit", 192, 6, 768, 224, "vit", DisplayName = "other heads: no preset")]
    public void TheName_IsThatOfThePresetWithTheSameBlocks(string type, int dimension, int heads, int hidden, int image, string expected)
    {
        var found = HuggingFaceFolder.Read(
            $$"""
            {"model_type": "{{type}}", "hidden_size": {{dimension}}, "num_attention_heads": {{heads}}, "intermediate_size": {{hidden}}, "image_size": {{image}}}
            """);

        Assert.AreEqual(expected, found.Architecture.Name);
    }

    [TestMethod]
    [DataRow("{\"model_type\": \"vit\"}", true)]
    [DataRow("{\"model_type\": \"beit\"}", true, DisplayName = "refused by name when it is read")]
    [DataRow("{\"architecture\": \"vit_tiny_patch16_224\", \"num_classes\": 10}", false)]
    [DataRow(null, false)]
    public void AFolderIsHuggingFaces_WhenItsConfigHasAModelType(string? config, bool expected)
    {
        using var folder = new TemporaryFolder();
        if (config is not null)
            File.WriteAllText(folder.File("config.json"), config);

        Assert.AreEqual(expected, HuggingFaceConfig.Matches(folder.Path));
    }

    private static VisionTransformerArchitecture Clip() => _base with
    {
        PatchSize = 32,
        PatchBias = false,
        PreNorm = true,
        Activation = MlpActivation.QuickGelu,
        NormEpsilon = 1e-5,
        HeadBias = false,
        Classes = 0,
    };

    private static VisionTransformerArchitecture Dinov3() => _base with
    {
        EmbeddingDimension = 384,
        Heads = 6,
        Classes = 0,
        NormEpsilon = 1e-5,
        PositionEmbedding = PositionEmbedding.None,
        Rotary = new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = 100 },
        LayerScale = 1,
        KeyBias = false,
    };

    private static void Expect(string config, VisionTransformerArchitecture expected, params (string Name, long[] Shape)[] tensors) =>
        AssertEqual(expected, HuggingFaceFolder.Read(config, tensors).Architecture);

    private static void AssertEqual(VisionTransformerArchitecture expected, VisionTransformerArchitecture found) =>
        Assert.AreEqual(expected with { Name = found.Name }, found);
}
