// Names of the image towers of Hugging Face's CLIP and SigLIP models.
using static Microsoft.ML.VisionTransformer.Checkpoints.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class HuggingFaceTowerLayouts
{
    private const string Prefix = "vision_model.";
    private const string Layer = Prefix + "encoder.layers.{}.";

    /// <summary><c>CLIPVisionModelWithProjection</c>, <c>CLIPVisionModel</c>, and the image half of <c>CLIPModel</c>.</summary>
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
    /// <c>SiglipVisionModel</c> and the image half of <c>SiglipModel</c>: attention pooling, whose in_proj has the rows of q, k and v.
    /// <c>SiglipForImageClassification</c> reads the mean of the tokens, and its files have the pool nevertheless.
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
