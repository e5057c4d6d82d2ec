// Tensor names of Hugging Face's models: ViT, DeiT, CLIP, SigLIP, DINOv2 and DINOv3.
using static Microsoft.ML.VisionTransformer.Checkpoints.Layouts.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Tensor names of Hugging Face's ViT and DeiT models.</summary>
internal static class HuggingFaceVitLayouts
{
    /// <summary>Epsilon of the published configurations.</summary>
    private const double PublishedEpsilon = 1e-12;

    /// <summary>Classifiers use the class token directly; a pooler in the same file is left over from the checkpoint that they were trained from.</summary>
    private const string Pooler = "pre_logits.";

    /// <summary>
    /// <c>ViTForImageClassification</c>, and <c>ViTModel</c> without the prefix <c>vit.</c>, whose pooler is a layer with tanh on the normalized class token.
    /// </summary>
    internal static CheckpointLayout Vit { get; } = new()
    {
        Name = "Hugging Face ViT",
        OptionalPrefix = "vit.",
        Rules = [.. Backbone("vit."), .. Module("head", "classifier")],
        Ignored = ["vit.embeddings.mask_token", "decoder.*"],
        UnusedBesideHead = Pooler,
        NormEpsilon = PublishedEpsilon,
        Resampling = PositionResampling.HuggingFace,
        PositionsCoverPrefix = true,
    };

    /// <summary>
    /// <c>DeiTForImageClassificationWithTeacher</c>, <c>DeiTForImageClassification</c> and <c>DeiTModel</c>. The latter two have a distillation token that no
    /// head uses, which makes it a register.
    /// </summary>
    internal static CheckpointLayout Deit { get; } = new()
    {
        Name = "Hugging Face DeiT",
        OptionalPrefix = "deit.",
        Rules =
        [
            .. Backbone("deit."),
            Tensor("dist_token", "deit.embeddings.distillation_token"),
            Tensor("reg_token", "deit.embeddings.distillation_token"),
            .. Module("head", "cls_classifier"),
            .. Module("head_dist", "distillation_classifier"),
            .. Module("head", "classifier"),
        ],
        Ignored = ["deit.embeddings.mask_token", "decoder.*"],
        UnusedBesideHead = Pooler,
        NormEpsilon = PublishedEpsilon,
        Resampling = PositionResampling.HuggingFace,
        PositionsCoverPrefix = true,
    };

    private static NameRule[] Backbone(string prefix)
    {
        string layer = prefix + "encoder.layer.{}.", attention = layer + "attention.attention.";
        return
        [
            Tensor("cls_token", prefix + "embeddings.cls_token"),
            Tensor("pos_embed", prefix + "embeddings.position_embeddings"),
            .. Module("patch_embed.proj", prefix + "embeddings.patch_embeddings.projection"),
            .. Module("blocks.{}.norm1", layer + "layernorm_before"),
            .. Module("blocks.{}.attn.qkv", attention + "query", attention + "key", attention + "value"),
            .. Module("blocks.{}.attn.proj", layer + "attention.output.dense"),
            .. Module("blocks.{}.norm2", layer + "layernorm_after"),
            .. Module("blocks.{}.mlp.fc1", layer + "intermediate.dense"),
            .. Module("blocks.{}.mlp.fc2", layer + "output.dense"),
            .. Module("norm", prefix + "layernorm"),
            .. Module("pre_logits.fc", prefix + "pooler.dense"),
        ];
    }
}

/// <summary>Tensor names of the image towers of Hugging Face's CLIP and SigLIP models.</summary>
internal static class HuggingFaceTowerLayouts
{
    private const string Prefix = "vision_model.";
    private const string Layer = Prefix + "encoder.layers.{}.";

    /// <summary><c>CLIPVisionModelWithProjection</c>, <c>CLIPVisionModel</c>, and the image tower of <c>CLIPModel</c>.</summary>
    internal static CheckpointLayout Clip { get; } = new()
    {
        Name = "Hugging Face CLIP",
        OptionalPrefix = Prefix,
        Rules =
        [
            Tensor("cls_token", Prefix + "embeddings.class_embedding", "width -> 1 1 width"),
            .. Tower(),
            .. Module("norm_pre", Prefix + "pre_layrnorm"),
            Tensor("head.weight", "visual_projection.weight"),
        ],
        Ignored = [Prefix + "embeddings.position_ids", .. TextTower()],
        NormEpsilon = 1e-5,
        Activation = MlpActivation.QuickGelu,
        Resampling = PositionResampling.HuggingFace,
        PositionsCoverPrefix = true,
    };

    /// <summary>
    /// <c>SiglipVisionModel</c> and the image tower of <c>SiglipModel</c>: attention pooling, whose in_proj has the rows of q, k and v.
    /// <c>SiglipForImageClassification</c> uses the mean of the tokens, but its files still contain the attention pooling.
    /// </summary>
    internal static CheckpointLayout Siglip { get; } = new()
    {
        Name = "Hugging Face SigLIP",
        OptionalPrefix = Prefix,
        Rules =
        [
            .. Tower(),
            Tensor("attn_pool.latent", Prefix + "head.probe"),
            .. Pool("attn_pool.q", PartRange.QueryRows),
            .. Pool("attn_pool.kv", PartRange.KeyAndValueRows),
            .. Module("attn_pool.proj", Prefix + "head.attention.out_proj"),
            .. Module("attn_pool.norm", Prefix + "head.layernorm"),
            .. Module("attn_pool.mlp.fc1", Prefix + "head.mlp.fc1"),
            .. Module("attn_pool.mlp.fc2", Prefix + "head.mlp.fc2"),
            .. Module("head", "classifier"),
        ],
        Ignored = [Prefix + "embeddings.position_ids", "logit_bias", .. TextTower()],
        UnusedBesideHead = "attn_pool.",
        Activation = MlpActivation.GeluTanh,
        Resampling = PositionResampling.HuggingFace,
    };

    private static NameRule[] Tower() =>
    [
        Tensor("pos_embed", Prefix + "embeddings.position_embedding.weight", "positions width -> 1 positions width"),
        .. Module("patch_embed.proj", Prefix + "embeddings.patch_embedding"),
        .. Module("blocks.{}.norm1", Layer + "layer_norm1"),
        .. Module("blocks.{}.attn.qkv", Layer + "self_attn.q_proj", Layer + "self_attn.k_proj", Layer + "self_attn.v_proj"),
        .. Module("blocks.{}.attn.proj", Layer + "self_attn.out_proj"),
        .. Module("blocks.{}.norm2", Layer + "layer_norm2"),
        .. Module("blocks.{}.mlp.fc1", Layer + "mlp.fc1"),
        .. Module("blocks.{}.mlp.fc2", Layer + "mlp.fc2"),
        .. Module("norm", Prefix + "post_layernorm"),
    ];

    private static NameRule[] Pool(string canonical, PartRange rows) =>
    [
        new(canonical + ".weight", new NamePart(Prefix + "head.attention.in_proj_weight", Range: rows)),
        new(canonical + ".bias", new NamePart(Prefix + "head.attention.in_proj_bias", Range: rows)),
    ];

    private static string[] TextTower() => ["text_model.*", "text_projection.weight", "logit_scale"];
}

/// <summary>Tensor names of Hugging Face's DINOv2 and DINOv3 models.</summary>
internal static class HuggingFaceDinoLayouts
{
    /// <summary><c>Dinov2ForImageClassification</c>, and <c>Dinov2Model</c> without the prefix <c>dinov2.</c>.</summary>
    internal static CheckpointLayout Dinov2 { get; } = new()
    {
        Name = "Hugging Face DINOv2",
        OptionalPrefix = "dinov2.",
        Rules =
        [
            Tensor("cls_token", "dinov2.embeddings.cls_token"),
            Tensor("pos_embed", "dinov2.embeddings.position_embeddings"),
            .. Dinov2Rest("dinov2."),
        ],
        Zeros = [new("dinov2.embeddings.mask_token", 1)],
        Resampling = PositionResampling.HuggingFace,
        PositionsCoverPrefix = true,
    };

    /// <summary>
    /// <c>Dinov2WithRegistersForImageClassification</c> and <c>Dinov2WithRegistersModel</c>. Their position table has an entry for the class token but none for
    /// the registers; as in timm, that entry is added to the class token.
    /// </summary>
    internal static CheckpointLayout Dinov2WithRegisters { get; } = new()
    {
        Name = "Hugging Face DINOv2 with registers",
        OptionalPrefix = RegistersPrefix,
        Rules =
        [
            new("cls_token", new(RegistersPrefix + "embeddings.cls_token"), new(RegistersPositions, Range: PartRange.FirstPosition)) { Sum = true },
            new("pos_embed", new NamePart(RegistersPositions, Range: PartRange.LaterPositions)),
            Tensor("reg_token", RegistersPrefix + "embeddings.register_tokens"),
            .. Dinov2Rest(RegistersPrefix),
        ],
        Zeros = [new(RegistersPrefix + "embeddings.mask_token", 1)],
        PositionsCoverPrefix = false,
    };

    /// <summary><c>DINOv3ViTModel</c>: k has no bias; no position table.</summary>
    internal static CheckpointLayout Dinov3 { get; } = new()
    {
        Name = "Hugging Face DINOv3",
        Rules =
        [
            Tensor("cls_token", "embeddings.cls_token"),
            Tensor("reg_token", "embeddings.register_tokens"),
            .. Module("patch_embed.proj", "embeddings.patch_embeddings"),
            .. Module("blocks.{}.norm1", "layer.{}.norm1"),
            Module("blocks.{}.attn.qkv", "layer.{}.attention.q_proj", "layer.{}.attention.k_proj", "layer.{}.attention.v_proj")[0],
            Tensor("blocks.{}.attn.q_bias", "layer.{}.attention.q_proj.bias"),
            Tensor("blocks.{}.attn.v_bias", "layer.{}.attention.v_proj.bias"),
            .. Module("blocks.{}.attn.proj", "layer.{}.attention.o_proj"),
            Tensor("blocks.{}.ls1.gamma", "layer.{}.layer_scale1.lambda1"),
            .. Module("blocks.{}.norm2", "layer.{}.norm2"),
            .. Module(MlpKind.Plain, "blocks.{}.mlp.fc1", "layer.{}.mlp.up_proj"),
            .. Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc1", "layer.{}.mlp.gate_proj", "layer.{}.mlp.up_proj"),
            .. Module("blocks.{}.mlp.fc2", "layer.{}.mlp.down_proj"),
            Tensor("blocks.{}.ls2.gamma", "layer.{}.layer_scale2.lambda1"),
            .. Module("norm", "norm"),
        ],
        Ignored = ["rope_embeddings.*"],
        Zeros = [new("embeddings.mask_token", 2)],
        NormEpsilon = MetaDinoLayouts.Dinov3Epsilon,
        Rotary = MetaDinoLayouts.Dinov3Rotary,
    };

    private const string RegistersPrefix = "dinov2_with_registers.";
    private const string RegistersPositions = RegistersPrefix + "embeddings.position_embeddings";

    private static NameRule[] Dinov2Rest(string prefix)
    {
        string layer = prefix + "encoder.layer.{}.", attention = layer + "attention.attention.";
        return
        [
            .. Module("patch_embed.proj", prefix + "embeddings.patch_embeddings.projection"),
            .. Module("blocks.{}.norm1", layer + "norm1"),
            .. Module("blocks.{}.attn.qkv", attention + "query", attention + "key", attention + "value"),
            .. Module("blocks.{}.attn.proj", layer + "attention.output.dense"),
            Tensor("blocks.{}.ls1.gamma", layer + "layer_scale1.lambda1"),
            .. Module("blocks.{}.norm2", layer + "norm2"),
            .. Module(MlpKind.Plain, "blocks.{}.mlp.fc1", layer + "mlp.fc1"),
            .. Module(MlpKind.Plain, "blocks.{}.mlp.fc2", layer + "mlp.fc2"),
            .. Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc1", layer + "mlp.weights_in"),
            .. Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc2", layer + "mlp.weights_out"),
            Tensor("blocks.{}.ls2.gamma", layer + "layer_scale2.lambda1"),
            .. Module("norm", prefix + "layernorm"),
            .. Module("head", "classifier"),
        ];
    }
}
