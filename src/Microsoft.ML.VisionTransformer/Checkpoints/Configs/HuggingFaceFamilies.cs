// The model types of Hugging Face that are read, and how.
namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>The model types of Hugging Face that are read, and how.</summary>
/// <param name="Name">The <c>model_type</c> of <c>config.json</c>.</param>
/// <param name="Read">Makes the network's architecture.</param>
/// <param name="Processor">How the published checkpoints of the type prepare images, where <c>preprocessor_config.json</c> is missing.</param>
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

    /// <exception cref="InvalidCheckpointException">The type is left out or not read.</exception>
    internal static HuggingFaceModelType Find(JsonSettings settings)
    {
        string? name = settings.Text(Key);
        return Array.Find(_known, type => type.Name == name)
            ?? throw settings.Unsupported(Key, $"the types {string.Join(", ", _known.Select(type => type.Name))} are read; take a checkpoint of one of these.");
    }
}

/// <summary>
/// The plain Vision Transformers of Hugging Face: vit, deit, vit_mae, vit_msn. Settings of <c>ViTConfig</c>, <c>DeiTConfig</c>, <c>ViTMAEConfig</c> and
/// <c>ViTMSNConfig</c>.
/// </summary>
internal static class HuggingFaceVit
{
    private const string Head = "classifier.weight", TeacherHead = "cls_classifier.weight", Pooler = "pooler.dense.weight";
    private const string ForClasses = "ForImageClassification", ForClassesWithTeacher = "ForImageClassificationWithTeacher";

    private static readonly VisionTransformerArchitecture _standard = new() { NormEpsilon = 1e-12 };

    internal static VisionTransformerArchitecture ReadVit(HuggingFaceSource source) => WithHead(Body(source, _standard), source);

    internal static VisionTransformerArchitecture ReadMsn(HuggingFaceSource source) => WithHead(Body(source, _standard with { NormEpsilon = 1e-6 }), source);

    /// <summary>The encoder alone; its sine and cosine table is stored and therefore read as a learned one.</summary>
    internal static VisionTransformerArchitecture ReadMae(HuggingFaceSource source)
    {
        source.Notes.Add("The encoder is read, the decoder left out; Hugging Face's model hides three quarters of the patches at random, here all are seen.");
        return WithHead(Body(source, _standard), source);
    }

    /// <summary>
    /// With both heads (<c>DeiTForImageClassificationWithTeacher</c>) the logits are their mean. With one, the distillation token takes part in
    /// attention and nothing reads it at the end: it is a register token with a position of its own.
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
        (HuggingFaceTower.Read(source.Root, standard) with { QkvBias = source.Root.Switch("qkv_bias", true) }).WithDropout(source.Root);

    /// <summary>A classifier on the class token; without one the features, behind the pooler if there is one.</summary>
    private static VisionTransformerArchitecture WithHead(VisionTransformerArchitecture body, HuggingFaceSource source)
    {
        if (source.HasHead(Head, ForClasses))
            return body with { Classes = source.Outputs(Head, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey) };
        if (source.Find(Pooler) is null)
            return body with { Classes = 0 };
        if (source.Root.Text("pooler_act") is { } activation && activation != "tanh")
            throw source.Root.Unsupported("pooler_act", "a pooler with tanh is read; take another checkpoint.");
        int width = source.Root.Whole("pooler_output_size", body.EmbeddingDimension);
        return body with { Classes = 0, RepresentationDimension = source.Outputs(Pooler, width, "pooler_output_size") };
    }
}

/// <summary>
/// The image tower of CLIP in Hugging Face, with and without its projection. Settings of <c>CLIPVisionConfig</c>, on their own or inside <c>CLIPConfig</c>.
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

    /// <summary><c>clip_vision_model</c>: the tower's settings are the file's.</summary>
    internal static VisionTransformerArchitecture ReadVision(HuggingFaceSource source) => Read(source, source.Root);

    /// <summary><c>clip</c>: the tower's settings are an object inside; the older name of that object wins where both are there, as in Hugging Face.</summary>
    internal static VisionTransformerArchitecture ReadBoth(HuggingFaceSource source) =>
        Read(source, source.Root.Object("vision_config_dict") ?? source.Root.Object("vision_config") ?? JsonSettings.Empty);

    private static VisionTransformerArchitecture Read(HuggingFaceSource source, JsonSettings vision)
    {
        if (source.HasHead("classifier.weight", "ForImageClassification"))
        {
            throw source.Root.Unsupported(
                "architectures", "CLIP's tower is read with its projection or without; its classifier skips the last norm and is not read.");
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
        return source.Outputs(Projection, source.Root.Whole(ProjectionKey, 512), ProjectionKey);
    }
}

/// <summary>
/// The image tower of SigLIP in Hugging Face; SigLIP 2 with a fixed image size has the same. Settings of <c>SiglipVisionConfig</c>, on their own or inside
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

    /// <summary><c>siglip_vision_model</c>: the tower's settings are the file's.</summary>
    internal static VisionTransformerArchitecture ReadVision(HuggingFaceSource source) => Read(source, source.Root);

    /// <summary><c>siglip</c>: the tower's settings are an object inside.</summary>
    internal static VisionTransformerArchitecture ReadBoth(HuggingFaceSource source) =>
        Read(source, source.Root.Object("vision_config") ?? JsonSettings.Empty);

    /// <summary>A classifier sees the mean of the normed patch tokens, not the attention pool, which then lies in the file unused.</summary>
    private static VisionTransformerArchitecture Read(HuggingFaceSource source, JsonSettings vision)
    {
        var tower = HuggingFaceTower.Read(vision, _standard) with { AttentionDropoutRate = HuggingFaceTower.Rate(vision, "attention_dropout") };
        if (source.HasHead(Head, "ForImageClassification"))
        {
            int classes = source.Outputs(Head, HuggingFaceLabels.Read(source.Root).Count, HuggingFaceLabels.NamesKey);
            return tower with { Pooling = TokenPooling.Average, NormAfterPooling = false, Classes = classes };
        }

        if (vision.Switch("vision_use_head", true))
            return tower;
        source.Notes.Add("The checkpoint has no pool: the features are all patch tokens.");
        return tower with { Pooling = TokenPooling.None };
    }
}

/// <summary>DINOv2 of Hugging Face, with and without register tokens. Settings of <c>Dinov2Config</c> and <c>Dinov2WithRegistersConfig</c>.</summary>
internal static class HuggingFaceDinov2
{
    private const string Head = "classifier.weight";
    private const double StandardMlpRatio = 4;

    internal static VisionTransformerArchitecture Read(HuggingFaceSource source) => Read(source, new VisionTransformerArchitecture { PatchSize = 14 });

    /// <summary>
    /// The class token has a position and the registers have none. In this network positions cover all leading tokens or none: the class token's
    /// position is added to the token itself when the weights are read.
    /// </summary>
    internal static VisionTransformerArchitecture ReadWithRegisters(HuggingFaceSource source) => Read(source, new VisionTransformerArchitecture()) with
    {
        RegisterTokens = source.Root.Whole("num_register_tokens", 4, least: 0),
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
        bool gated = settings.Switch("use_swiglu_ffn", false);
        var tower = HuggingFaceTower.Read(settings, standard with { Mlp = gated ? MlpKind.SwiGlu : MlpKind.Plain }).WithDropout(settings);
        double ratio = settings.Number("mlp_ratio", StandardMlpRatio, v => v is > 0 and <= 1000, "a number above 0, at most 1000,");
        int width = (int)(tower.EmbeddingDimension * ratio);
        if (width < 1)
            throw settings.Wrong("mlp_ratio", "a number that leaves the MLP at least one wide");
        bool head = source.HasHead(Head, "ForImageClassification");
        return tower with
        {
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(gated ? SwiGluWidth(width) : width, tower.EmbeddingDimension),
            QkvBias = settings.Switch("qkv_bias", true),
            LayerScale = HuggingFaceTower.LayerScale(settings),
            Pooling = head ? TokenPooling.ClassTokenAndAverage : TokenPooling.ClassToken,
            Classes = head ? source.Outputs(Head, HuggingFaceLabels.Read(settings).Count, HuggingFaceLabels.NamesKey) : 0,
        };
    }
}

/// <summary>
/// DINOv3 of Hugging Face: rotary positions, biases by setting, plain or gated MLP. Settings of <c>DINOv3ViTConfig</c>. The models have no head.
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
        bool gated = settings.Switch("use_gated_mlp", false);
        if (gated && settings.Text("hidden_act") != "silu")
            throw settings.Unsupported("hidden_act", "a gated MLP is read with \"silu\" only; take another checkpoint.");
        var tower = HuggingFaceTower.Read(settings, _standard with { Mlp = gated ? MlpKind.SwiGlu : MlpKind.Plain });
        double theta = settings.Number("rope_theta", 100, v => v is > 0 and <= 1e9, "a number above 0, at most 1e9,");
        return tower with
        {
            RegisterTokens = settings.Whole("num_register_tokens", 0, least: 0),
            QkvBias = settings.Switch("query_bias", true),
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
            if (!source.Root.Switch(key, true))
                throw source.Root.Unsupported(key, "layers without this bias are not read; take another checkpoint.");
        }

        if (source.HasHead("classifier.weight", "ForImageClassification"))
            throw source.Root.Unsupported("architectures", "DINOv3 is read without a head; take the checkpoint of DINOv3ViTModel.");
    }

    /// <summary>Queries and values have biases both or none; keys only where the others do.</summary>
    private static bool KeyBias(JsonSettings settings)
    {
        bool query = settings.Switch("query_bias", true), key = settings.Switch("key_bias", false);
        if (settings.Switch("value_bias", true) != query)
            throw settings.Unsupported("value_bias", "query_bias differs, and networks with only one of the two are not read; take another checkpoint.");
        if (key && !query)
            throw settings.Unsupported("key_bias", "query_bias is false, and keys are read with a bias only where queries have one; take another checkpoint.");
        return key || !query;
    }
}
