// The supported Hugging Face model types, and how their configurations become architectures.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>A supported Hugging Face model type.</summary>
/// <param name="Name">The <c>model_type</c> of <c>config.json</c>.</param>
/// <param name="Read">Reads the architecture.</param>
/// <param name="Processor">The image processor of the type's published checkpoints, used if <c>preprocessor_config.json</c> is missing.</param>
internal sealed record HuggingFaceModelType(string Name, Func<HuggingFaceSource, VisionTransformerArchitecture> Read, ImageProcessor Processor)
{
    private static readonly HuggingFaceModelType[] _known =
    [
        new("clip", HuggingFaceClip.ReadBoth, ImageProcessor.Clip),
        new("clip_vision_model", HuggingFaceClip.ReadVision, ImageProcessor.Clip),
        new("deit", HuggingFaceVit.ReadDeit, ImageProcessor.Deit with { Colors = ColorStatistics.ImageNet }),
        new("dinov2", HuggingFaceDinov2.Read, ImageProcessor.Dinov2),
        new("dinov2_with_registers", HuggingFaceDinov2.ReadWithRegisters, ImageProcessor.Dinov2),
        new("dinov3_vit", HuggingFaceDinov3.Read, ImageProcessor.Dinov3),
        new("siglip", HuggingFaceSiglip.ReadBoth, ImageProcessor.Siglip),
        new("siglip_vision_model", HuggingFaceSiglip.ReadVision, ImageProcessor.Siglip),
        new("vit", HuggingFaceVit.ReadVit, ImageProcessor.Vit),
        new("vit_mae", HuggingFaceVit.ReadMae, ImageProcessor.Vit with { Colors = ColorStatistics.ImageNet }),
        new("vit_msn", HuggingFaceVit.ReadMsn, ImageProcessor.Vit with { Colors = ColorStatistics.ImageNet }),
    ];

    /// <summary>The setting that names the type.</summary>
    internal const string Key = "model_type";

    /// <exception cref="InvalidCheckpointException">The type is missing or not supported.</exception>
    internal static HuggingFaceModelType Find(JsonSettings settings)
    {
        string? name = settings.Text(Key);
        return Array.Find(_known, type => type.Name == name)
            ?? throw settings.Unsupported(
                Key, $"the supported types are {string.Join(", ", _known.Select(type => type.Name))}; use a checkpoint of one of these.");
    }
}

/// <summary>
/// Reads Hugging Face's plain Vision Transformers: vit, deit, vit_mae, vit_msn. Defaults are those of <c>ViTConfig</c>, <c>DeiTConfig</c>,
/// <c>ViTMAEConfig</c> and <c>ViTMSNConfig</c>.
/// </summary>
internal static class HuggingFaceVit
{
    private const string Head = "classifier.weight", TeacherHead = "cls_classifier.weight", Pooler = "pooler.dense.weight";
    private const string ForClasses = "ForImageClassification", ForClassesWithTeacher = "ForImageClassificationWithTeacher";

    private static readonly VisionTransformerArchitecture _standard = new() { NormEpsilon = 1e-12 };

    internal static VisionTransformerArchitecture ReadVit(HuggingFaceSource source) => WithHead(Body(source, _standard), source);

    internal static VisionTransformerArchitecture ReadMsn(HuggingFaceSource source) => WithHead(Body(source, _standard with { NormEpsilon = 1e-6 }), source);

    /// <summary>Reads the encoder only. Its sine-cosine table is stored in the file and is therefore read as a learned table.</summary>
    internal static VisionTransformerArchitecture ReadMae(HuggingFaceSource source)
    {
        source.Notes.Add("The encoder is loaded without the decoder. Hugging Face's model masks 75% of the patches at random; this library uses all patches.");
        return WithHead(Body(source, _standard), source);
    }

    /// <summary>
    /// With both heads (<c>DeiTForImageClassificationWithTeacher</c>), the logits are their mean. With one head, the distillation token takes part in attention
    /// but its output is not used: it is a register token with a position embedding.
    /// </summary>
    internal static VisionTransformerArchitecture ReadDeit(HuggingFaceSource source)
    {
        var body = Body(source, _standard);
        if (!source.HasHead(TeacherHead, ForClassesWithTeacher))
            return WithHead(body with { RegisterTokens = 1 }, source);
        int classes = source.Outputs(TeacherHead, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey);
        return body with { DistillationToken = true, Classes = classes };
    }

    private static VisionTransformerArchitecture Body(HuggingFaceSource source, VisionTransformerArchitecture standard) =>
        (HuggingFaceTower.Read(source.Root, standard) with { QkvBias = source.Root.Boolean("qkv_bias", true) }).WithDropout(source.Root);

    /// <summary>Adds a classifier on the class token. Without one the outputs are the features, after the pooler if there is one.</summary>
    private static VisionTransformerArchitecture WithHead(VisionTransformerArchitecture body, HuggingFaceSource source)
    {
        if (source.HasHead(Head, ForClasses))
            return body with { Classes = source.Outputs(Head, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey) };
        if (source.Find(Pooler) is null)
            return body with { Classes = 0 };
        if (source.Root.Text("pooler_act") is { } activation && activation != "tanh")
            throw source.Root.Unsupported("pooler_act", "only a pooler with tanh is supported; use another checkpoint.");
        int width = source.Root.Integer("pooler_output_size", body.EmbeddingDimension);
        return body with { Classes = 0, RepresentationDimension = source.Outputs(Pooler, width, "pooler_output_size") };
    }
}

/// <summary>
/// Reads CLIP's image tower, with or without its projection. Settings of <c>CLIPVisionConfig</c>, at the top level or inside <c>CLIPConfig</c>.
/// </summary>
internal static class HuggingFaceClip
{
    private const string Projection = "visual_projection.weight", ProjectionKey = "projection_dim";

    private static readonly VisionTransformerArchitecture _standard = new()
    {
        PatchSize = 32,
        PatchBias = false,
        PreNorm = true,
        HeadBias = false,
        Activation = MlpActivation.QuickGelu,
        NormEpsilon = 1e-5,
    };

    /// <summary><c>clip_vision_model</c>: the tower's settings are at the top level.</summary>
    internal static VisionTransformerArchitecture ReadVision(HuggingFaceSource source) => Read(source, source.Root);

    /// <summary><c>clip</c>: the tower's settings are a nested object. If both names of that object exist, the older one is used, as in Hugging Face.</summary>
    internal static VisionTransformerArchitecture ReadBoth(HuggingFaceSource source) =>
        Read(source, source.Root.Object("vision_config_dict") ?? source.Root.Object("vision_config") ?? JsonSettings.Empty);

    private static VisionTransformerArchitecture Read(HuggingFaceSource source, JsonSettings vision)
    {
        if (source.HasHead("classifier.weight", "ForImageClassification"))
        {
            throw source.Root.Unsupported(
                "architectures", "CLIP's image tower is supported with or without its projection, but not with a classifier, which skips the last norm.");
        }

        return HuggingFaceTower.Read(vision, _standard) with
        {
            AttentionDropoutRate = HuggingFaceTower.Rate(vision, "attention_dropout"),
            Classes = ProjectionDimension(source),
        };
    }

    private static int ProjectionDimension(HuggingFaceSource source)
    {
        if (!source.HasHead(Projection, "CLIPVisionModelWithProjection") && !source.IsClass("CLIPModel"))
            return 0;
        source.Notes.Add("The outputs are CLIP's image embedding, not classes.");
        return source.Outputs(Projection, source.Root.Integer(ProjectionKey, 512), ProjectionKey);
    }
}

/// <summary>
/// Reads SigLIP's image tower, which SigLIP 2 with a fixed image size shares. Settings of <c>SiglipVisionConfig</c>, at the top level or inside
/// <c>SiglipConfig</c>.
/// </summary>
internal static class HuggingFaceSiglip
{
    private const string Head = "classifier.weight";

    private static readonly VisionTransformerArchitecture _standard = new()
    {
        ClassToken = false,
        Activation = MlpActivation.GeluTanh,
        Pooling = TokenPooling.Attention,
        Classes = 0,
    };

    /// <summary><c>siglip_vision_model</c>: the tower's settings are at the top level.</summary>
    internal static VisionTransformerArchitecture ReadVision(HuggingFaceSource source) => Read(source, source.Root);

    /// <summary><c>siglip</c>: the tower's settings are a nested object.</summary>
    internal static VisionTransformerArchitecture ReadBoth(HuggingFaceSource source) =>
        Read(source, source.Root.Object("vision_config") ?? JsonSettings.Empty);

    /// <summary>A classifier's input is the mean of the normalized patch tokens; the attention pool is in the file but unused.</summary>
    private static VisionTransformerArchitecture Read(HuggingFaceSource source, JsonSettings vision)
    {
        var tower = HuggingFaceTower.Read(vision, _standard) with { AttentionDropoutRate = HuggingFaceTower.Rate(vision, "attention_dropout") };
        if (source.HasHead(Head, "ForImageClassification"))
        {
            int classes = source.Outputs(Head, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey);
            return tower with { Pooling = TokenPooling.Average, NormAfterPooling = false, Classes = classes };
        }

        if (vision.Boolean("vision_use_head", true))
            return tower;
        source.Notes.Add("The checkpoint has no pooling: the features are all patch tokens.");
        return tower with { Pooling = TokenPooling.None };
    }
}

/// <summary>Reads DINOv2, with or without register tokens. Settings of <c>Dinov2Config</c> and <c>Dinov2WithRegistersConfig</c>.</summary>
internal static class HuggingFaceDinov2
{
    private const string Head = "classifier.weight";
    private const double StandardMlpRatio = 4;

    internal static VisionTransformerArchitecture Read(HuggingFaceSource source) => Read(source, new VisionTransformerArchitecture { PatchSize = 14 });

    /// <summary>
    /// The class token has a position embedding and the registers have none. In this library's network, positions cover all prefix tokens or none, so the class
    /// token's position is added to the token itself when the weights are read.
    /// </summary>
    internal static VisionTransformerArchitecture ReadWithRegisters(HuggingFaceSource source) => Read(source, new VisionTransformerArchitecture()) with
    {
        RegisterTokens = source.Root.Integer("num_register_tokens", 4, least: 0),
        PositionsCoverPrefix = false,
    };

    /// <summary>
    /// Width of the SwiGLU's hidden layer: two thirds of <paramref name="mlpWidth"/>, rounded down, then up to a multiple of 8 (DINOv2's
    /// <c>swiglu_ffn.py</c>).
    /// </summary>
    internal static int SwiGluWidth(int mlpWidth) => ((int)(mlpWidth * 2L / 3) + 7) / 8 * 8;

    private static VisionTransformerArchitecture Read(HuggingFaceSource source, VisionTransformerArchitecture standard)
    {
        var settings = source.Root;
        bool gated = settings.Boolean("use_swiglu_ffn", false);
        var tower = HuggingFaceTower.Read(settings, standard with { Mlp = gated ? MlpKind.SwiGlu : MlpKind.Plain }).WithDropout(settings);
        double ratio = settings.Number("mlp_ratio", StandardMlpRatio, v => v is > 0 and <= 1000, "a number above 0, at most 1000,");
        int width = (int)(tower.EmbeddingDimension * ratio);
        if (width < 1)
            throw settings.Wrong("mlp_ratio", "a number that gives an MLP width of at least 1");
        bool head = source.HasHead(Head, "ForImageClassification");
        return tower with
        {
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(gated ? SwiGluWidth(width) : width, tower.EmbeddingDimension),
            QkvBias = settings.Boolean("qkv_bias", true),
            LayerScale = HuggingFaceTower.LayerScale(settings),
            Pooling = head ? TokenPooling.ClassTokenAndAverage : TokenPooling.ClassToken,
            Classes = head ? source.Outputs(Head, HuggingFaceLabels.Read(settings).Count, HuggingFaceLabels.NamesKey) : 0,
        };
    }
}

/// <summary>
/// Reads DINOv3: rotary positions, configurable biases, plain or gated MLP. Settings of <c>DINOv3ViTConfig</c>. The models have no head.
/// </summary>
internal static class HuggingFaceDinov3
{
    private static readonly VisionTransformerArchitecture _standard = new()
    {
        EmbeddingDimension = 384,
        Heads = 6,
        Classes = 0,
        NormEpsilon = 1e-5,
        PositionEmbedding = PositionEmbedding.None,
    };

    internal static VisionTransformerArchitecture Read(HuggingFaceSource source)
    {
        var settings = source.Root;
        CheckFixed(source);
        bool gated = settings.Boolean("use_gated_mlp", false);
        if (gated && settings.Text("hidden_act") != "silu")
            throw settings.Unsupported("hidden_act", "a gated MLP is supported with \"silu\" only; use another checkpoint.");
        var tower = HuggingFaceTower.Read(settings, _standard with { Mlp = gated ? MlpKind.SwiGlu : MlpKind.Plain });
        double theta = settings.Number("rope_theta", 100, v => v is > 0 and <= 1e9, "a number above 0, at most 1e9,");
        return tower with
        {
            RegisterTokens = settings.Integer("num_register_tokens", 0, least: 0),
            QkvBias = settings.Boolean("query_bias", true),
            KeyBias = KeyBias(settings),
            LayerScale = HuggingFaceTower.LayerScale(settings),
            AttentionDropoutRate = HuggingFaceTower.Rate(settings, "attention_dropout"),
            Rotary = new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = theta },
        };
    }

    private static void CheckFixed(HuggingFaceSource source)
    {
        foreach (string key in new[] { "proj_bias", "mlp_bias" })
        {
            if (!source.Root.Boolean(key, true))
                throw source.Root.Unsupported(key, "layers without this bias are not supported; use another checkpoint.");
        }

        if (source.HasHead("classifier.weight", "ForImageClassification"))
            throw source.Root.Unsupported("architectures", "DINOv3 is supported without a head only; use a checkpoint of DINOv3ViTModel.");
    }

    /// <summary>Queries and values must both have a bias or both have none; keys may have one only if the others do.</summary>
    private static bool KeyBias(JsonSettings settings)
    {
        bool query = settings.Boolean("query_bias", true), key = settings.Boolean("key_bias", false);
        if (settings.Boolean("value_bias", true) != query)
            throw settings.Unsupported("value_bias", "query_bias differs, and networks with only one of the two are not supported; use another checkpoint.");
        if (key && !query)
            throw settings.Unsupported("key_bias", "query_bias is false, and a bias on keys requires one on queries; use another checkpoint.");
        return key || !query;
    }
}
