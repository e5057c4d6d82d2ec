// Tensor names of Google's JAX releases: google-research/vision_transformer and big_vision.
using static Microsoft.ML.VisionTransformer.Checkpoints.Layouts.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Tensor names of Google's JAX releases.</summary>
/// <remarks>
/// Flax stores kernels as [in, out], projections to heads as [in, heads, width], projections from heads as [heads, width, out], and convolutions as
/// [rows, columns, in, out]. The original code uses Flax's GELU, the tanh approximation. timm and Hugging Face run the classifiers with the exact GELU, and
/// so does this library.
/// </remarks>
internal static class JaxLayouts
{
    /// <summary>google-research/vision_transformer: the files of the original paper and of AugReg.</summary>
    internal static CheckpointLayout Original { get; } = new()
    {
        Name = "JAX vision_transformer",
        Rules =
        [
            Tensor("pos_embed", "Transformer/posembed_input/pos_embedding"),
            .. Ends(""),
            .. Block("Transformer/encoderblock_{}/", secondNorm: "LayerNorm_2", attention: "MultiHeadDotProductAttention_1", mlp: "MlpBlock_3"),
        ],
        Resampling = PositionResampling.Bilinear,
        PositionsCoverPrefix = true,
    };

    /// <summary>big_vision's classifiers.</summary>
    internal static CheckpointLayout BigVision { get; } = BigVisionAt("JAX big_vision", "params/", "Transformer/encoderblock_{}/");

    /// <summary>big_vision's classifiers trained with <c>scan</c>: the first axis of each block tensor is the block index.</summary>
    internal static CheckpointLayout BigVisionScan { get; } = BigVisionAt("JAX big_vision, stacked blocks", "params/", "Transformer/encoderblock/");

    /// <summary>big_vision's SigLIP: the image tower; the text tower is ignored.</summary>
    internal static CheckpointLayout Siglip { get; } =
        BigVisionAt("JAX big_vision SigLIP", "params/img/", "Transformer/encoderblock_{}/", MlpActivation.GeluTanh);

    /// <summary>SigLIP trained with <c>scan</c>.</summary>
    internal static CheckpointLayout SiglipScan { get; } =
        BigVisionAt("JAX big_vision SigLIP, stacked blocks", "params/img/", "Transformer/encoderblock/", MlpActivation.GeluTanh);

    private static CheckpointLayout BigVisionAt(string name, string prefix, string block, MlpActivation activation = MlpActivation.Gelu) => new()
    {
        Name = name,
        OptionalPrefix = "params/",
        Rules =
        [
            Tensor("pos_embed", prefix + "pos_embedding"),
            .. Ends(prefix),
            .. Block(prefix + block, secondNorm: "LayerNorm_1", attention: "MultiHeadDotProductAttention_0", mlp: "MlpBlock_0"),
            .. AttentionPool(prefix + "MAPHead_0/"),
        ],
        Ignored = ["params/txt/*", "params/t", "params/b", "opt/*"],
        Activation = activation,
        Resampling = PositionResampling.Bilinear,
    };

    private static NameRule[] Ends(string prefix) =>
    [
        Tensor("cls_token", prefix + "cls"),
        .. FlaxLayer("patch_embed.proj", prefix + "embedding", ConvolutionLast),
        .. FlaxNorm("norm", prefix + "Transformer/encoder_norm"),
        .. FlaxLayer("pre_logits.fc", prefix + "pre_logits"),
        .. FlaxLayer("head", prefix + "head"),
    ];

    private static NameRule[] Block(string block, string secondNorm, string attention, string mlp) =>
    [
        .. FlaxNorm("blocks.{}.norm1", block + "LayerNorm_0"),
        .. FlaxHeads("blocks.{}.attn.qkv", $"{block}{attention}/query", $"{block}{attention}/key", $"{block}{attention}/value"),
        .. FlaxLayer("blocks.{}.attn.proj", $"{block}{attention}/out", HeadsFirst),
        .. FlaxNorm("blocks.{}.norm2", block + secondNorm),
        .. FlaxLayer("blocks.{}.mlp.fc1", $"{block}{mlp}/Dense_0"),
        .. FlaxLayer("blocks.{}.mlp.fc2", $"{block}{mlp}/Dense_1"),
    ];

    private static NameRule[] AttentionPool(string pool) =>
    [
        Tensor("attn_pool.latent", pool + "probe"),
        .. FlaxHeads("attn_pool.q", pool + "MultiHeadDotProductAttention_0/query"),
        .. FlaxHeads("attn_pool.kv", pool + "MultiHeadDotProductAttention_0/key", pool + "MultiHeadDotProductAttention_0/value"),
        .. FlaxLayer("attn_pool.proj", pool + "MultiHeadDotProductAttention_0/out", HeadsFirst),
        .. FlaxNorm("attn_pool.norm", pool + "LayerNorm_0"),
        .. FlaxLayer("attn_pool.mlp.fc1", pool + "MlpBlock_0/Dense_0"),
        .. FlaxLayer("attn_pool.mlp.fc2", pool + "MlpBlock_0/Dense_1"),
    ];
}
