// Tensor names in PyTorch files of Meta, OpenAI, OpenCLIP and torchvision.
using static Microsoft.ML.VisionTransformer.Checkpoints.Layouts.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Tensor names of Meta's own DINOv2 and DINOv3 files.</summary>
internal static class MetaDinoLayouts
{
    /// <summary>Epsilon of DINOv3's layer norms.</summary>
    internal const double Dinov3Epsilon = 1e-5;

    /// <summary>DINOv3's rotary embedding. The periods in its files are rounded to 16 bits; they are recomputed, as in timm.</summary>
    internal static RotaryEmbedding Dinov3Rotary { get; } = new() { Layout = RotaryLayout.Dinov3, Temperature = 100 };

    /// <summary>DINOv2 without registers. The giant model's gated MLP is <c>w12</c>, with the gate's rows before the value's, and <c>w3</c>.</summary>
    internal static CheckpointLayout Dinov2 { get; } = new()
    {
        Name = "Meta DINOv2",
        Rules = [Tensor("cls_token", "cls_token"), Tensor("pos_embed", "pos_embed"), .. Dinov2Mlp(), .. QkvBias(), .. Rest()],
        Ignored = ["mask_token"],
        Resampling = PositionResampling.Dinov2Original,
    };

    /// <summary>DINOv2 with registers: the position table's class entry, which the registers lack, is added to the class token, as in timm.</summary>
    internal static CheckpointLayout Dinov2WithRegisters { get; } = new()
    {
        Name = "Meta DINOv2 with registers",
        Rules =
        [
            new("cls_token", new("cls_token"), new("pos_embed", Range: PartRange.FirstPosition)) { Sum = true },
            new("pos_embed", new NamePart("pos_embed", Range: PartRange.LaterPositions)),
            Tensor("reg_token", "register_tokens"),
            .. Dinov2Mlp(),
            .. QkvBias(),
            .. Rest(),
        ],
        Ignored = ["mask_token"],
        PositionsCoverPrefix = false,
    };

    /// <summary>DINOv3 with a bias on q, k and v, or none.</summary>
    internal static CheckpointLayout Dinov3 { get; } = Dinov3With("Meta DINOv3", QkvBias());

    /// <summary>DINOv3 as published: <c>bias_mask</c> masks the bias of k, so the stored values of that bias are not used.</summary>
    internal static CheckpointLayout Dinov3WithBiasMask { get; } = Dinov3With(
        "Meta DINOv3 with a bias mask",
        [
            new("blocks.{}.attn.q_bias", new NamePart("blocks.{}.attn.qkv.bias", Range: PartRange.QueryRows)),
            new("blocks.{}.attn.v_bias", new NamePart("blocks.{}.attn.qkv.bias", Range: PartRange.ValueRows)),
        ],
        "blocks.{}.attn.qkv.bias_mask");

    private static CheckpointLayout Dinov3With(string name, NameRule[] qkvBias, params string[] ignored) => new()
    {
        Name = name,
        Rules =
        [
            Tensor("cls_token", "cls_token"),
            Tensor("reg_token", "storage_tokens"),
            .. Module(MlpKind.Plain, "blocks.{}.mlp.fc1", "blocks.{}.mlp.fc1"),
            .. Module(MlpKind.Plain, "blocks.{}.mlp.fc2", "blocks.{}.mlp.fc2"),
            .. Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc1", "blocks.{}.mlp.w1", "blocks.{}.mlp.w2"),
            .. Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc2", "blocks.{}.mlp.w3"),
            .. qkvBias,
            .. Rest(),
        ],
        Ignored = ["mask_token", "rope_embed.periods", .. ignored],
        NormEpsilon = Dinov3Epsilon,
        Rotary = Dinov3Rotary,
    };

    private static NameRule[] QkvBias() => [Tensor("blocks.{}.attn.qkv.bias", "blocks.{}.attn.qkv.bias")];

    private static NameRule[] Dinov2Mlp() =>
    [
        .. Module(MlpKind.Plain, "blocks.{}.mlp.fc1", "blocks.{}.mlp.fc1"),
        .. Module(MlpKind.Plain, "blocks.{}.mlp.fc2", "blocks.{}.mlp.fc2"),
        .. Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc1", "blocks.{}.mlp.w12"),
        .. Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc2", "blocks.{}.mlp.w3"),
    ];

    private static NameRule[] Rest() =>
    [
        .. Module("patch_embed.proj", "patch_embed.proj"),
        .. Module("blocks.{}.norm1", "blocks.{}.norm1"),
        Tensor("blocks.{}.attn.qkv.weight", "blocks.{}.attn.qkv.weight"),
        .. Module("blocks.{}.attn.proj", "blocks.{}.attn.proj"),
        Tensor("blocks.{}.ls1.gamma", "blocks.{}.ls1.gamma"),
        .. Module("blocks.{}.norm2", "blocks.{}.norm2"),
        Tensor("blocks.{}.ls2.gamma", "blocks.{}.ls2.gamma"),
        .. Module("norm", "norm"),
    ];
}

/// <summary>Tensor names of OpenAI's CLIP and of OpenCLIP.</summary>
internal static class OpenClipLayout
{
    private const string Block = "visual.transformer.resblocks.{}.";

    /// <summary>The image tower, <c>visual.*</c>; the text tower is ignored. The projection is stored transposed and has no bias.</summary>
    internal static CheckpointLayout Layout { get; } = new()
    {
        Name = "OpenAI CLIP / OpenCLIP",
        Rules =
        [
            Tensor("cls_token", "visual.class_embedding", "width -> 1 1 width"),
            Tensor("pos_embed", "visual.positional_embedding", "positions width -> 1 positions width"),
            .. Module("patch_embed.proj", "visual.conv1"),
            .. Module("norm_pre", "visual.ln_pre"),
            .. Module("blocks.{}.norm1", Block + "ln_1"),
            Tensor("blocks.{}.attn.qkv.weight", Block + "attn.in_proj_weight"),
            Tensor("blocks.{}.attn.qkv.bias", Block + "attn.in_proj_bias"),
            .. Module("blocks.{}.attn.proj", Block + "attn.out_proj"),
            Tensor("blocks.{}.ls1.gamma", Block + "ls_1.gamma"),
            .. Module("blocks.{}.norm2", Block + "ln_2"),
            .. Module("blocks.{}.mlp.fc1", Block + "mlp.c_fc"),
            .. Module("blocks.{}.mlp.fc2", Block + "mlp.c_proj"),
            Tensor("blocks.{}.ls2.gamma", Block + "ls_2.gamma"),
            .. Module("norm", "visual.ln_post"),
            Tensor("head.weight", "visual.proj", Transposed),
        ],
        Ignored =
        [
            "transformer.*", "text.*", "token_embedding.weight", "positional_embedding", "ln_final.weight", "ln_final.bias", "text_projection",
            "logit_scale", "logit_bias", "attn_mask", "input_resolution", "context_length", "vocab_size",
        ],
        NormEpsilon = 1e-5,
        Activation = MlpActivation.QuickGelu,
        PositionsCoverPrefix = true,
    };
}

/// <summary>Tensor names of torchvision's VisionTransformer.</summary>
internal static class TorchvisionLayout
{
    private const string Layer = "encoder.layers.encoder_layer_{}.";

    /// <summary>
    /// The MLP's layers are <c>mlp.0</c> and <c>mlp.3</c>, in published files <c>mlp.linear_1</c> and <c>mlp.linear_2</c>; in_proj has the rows of q, k and v.
    /// </summary>
    internal static CheckpointLayout Layout { get; } = new()
    {
        Name = "torchvision",
        Rules =
        [
            Tensor("cls_token", "class_token"),
            Tensor("pos_embed", "encoder.pos_embedding"),
            .. Module("patch_embed.proj", "conv_proj"),
            .. Module("blocks.{}.norm1", Layer + "ln_1"),
            Tensor("blocks.{}.attn.qkv.weight", Layer + "self_attention.in_proj_weight"),
            Tensor("blocks.{}.attn.qkv.bias", Layer + "self_attention.in_proj_bias"),
            .. Module("blocks.{}.attn.proj", Layer + "self_attention.out_proj"),
            .. Module("blocks.{}.norm2", Layer + "ln_2"),
            .. Module("blocks.{}.mlp.fc1", Layer + "mlp.0"),
            .. Module("blocks.{}.mlp.fc2", Layer + "mlp.3"),
            .. Module("blocks.{}.mlp.fc1", Layer + "mlp.linear_1"),
            .. Module("blocks.{}.mlp.fc2", Layer + "mlp.linear_2"),
            .. Module("norm", "encoder.ln"),
            .. Module("pre_logits.fc", "heads.pre_logits"),
            .. Module("head", "heads.head"),
        ],
        PositionsCoverPrefix = true,
    };
}
