// Tensor names of timm's VisionTransformer and Eva classes, and of this library's own files.
using static Microsoft.ML.VisionTransformer.Checkpoints.Layouts.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>Tensor names of timm's <c>VisionTransformer</c> and <c>Eva</c> classes.</summary>
internal static class TimmLayouts
{
    /// <summary>timm's <c>VisionTransformer</c>, whose names the network itself uses.</summary>
    internal static CheckpointLayout Vit { get; } = new()
    {
        Name = "timm ViT",
        Rules = [.. Common(), .. SameModules("blocks.{}.attn.qkv", "blocks.{}.mlp.fc1"), .. LayerScale("ls1.gamma", "ls2.gamma")],
    };

    /// <summary>timm's <c>Eva</c> (EVA, EVA-02, DINOv3) for reading, with q, k, v and the gated MLP stored separately or fused.</summary>
    internal static CheckpointLayout Eva { get; } = EvaAs(splitQkv: false, splitSwiGlu: false);

    /// <summary>timm's <c>Eva</c> for writing. <c>Eva</c> models differ in which tensors they fuse.</summary>
    /// <param name="splitQkv">q_proj, k_proj and v_proj instead of qkv (EVA-02 base and large).</param>
    /// <param name="splitSwiGlu">fc1_g and fc1_x instead of fc1 if the MLP is gated (EVA-02 base and large, DINOv3).</param>
    internal static CheckpointLayout EvaAs(bool splitQkv, bool splitSwiGlu)
    {
        var fusedMlp = Module("blocks.{}.mlp.fc1", "blocks.{}.mlp.fc1");
        var splitMlp = Module(MlpKind.SwiGlu, "blocks.{}.mlp.fc1", "blocks.{}.mlp.fc1_g", "blocks.{}.mlp.fc1_x");
        NameRule[] qkv = splitQkv ? [.. SplitQkv(), .. FusedQkv()] : [.. FusedQkv(), .. SplitQkv()];
        NameRule[] mlp = splitSwiGlu ? [.. splitMlp, .. fusedMlp] : [.. fusedMlp, .. splitMlp];
        return new() { Name = "timm EVA", Rules = [.. Common(), .. qkv, .. mlp, .. LayerScale("gamma_1", "gamma_2")], Ignored = ["rope.*"] };
    }

    private static NameRule[] FusedQkv() =>
    [
        .. Module("blocks.{}.attn.qkv", "blocks.{}.attn.qkv"),
        Tensor("blocks.{}.attn.q_bias", "blocks.{}.attn.q_bias"),
        Tensor("blocks.{}.attn.v_bias", "blocks.{}.attn.v_bias"),
    ];

    private static NameRule[] SplitQkv() =>
    [
        Module("blocks.{}.attn.qkv", "blocks.{}.attn.q_proj", "blocks.{}.attn.k_proj", "blocks.{}.attn.v_proj")[0],
        Tensor("blocks.{}.attn.q_bias", "blocks.{}.attn.q_proj.bias"),
        Tensor("blocks.{}.attn.v_bias", "blocks.{}.attn.v_proj.bias"),
    ];

    private static NameRule[] LayerScale(string first, string second) =>
        [Tensor("blocks.{}.ls1.gamma", "blocks.{}." + first), Tensor("blocks.{}.ls2.gamma", "blocks.{}." + second)];

    /// <summary>Names that both classes share.</summary>
    private static NameRule[] Common() =>
    [
        .. Same("cls_token", "dist_token", "reg_token", "pos_embed", "attn_pool.latent"),
        .. SameModules("patch_embed.proj", "patch_embed.norm", "norm_pre"),
        .. SameModules("blocks.{}.norm1", "blocks.{}.attn.q_norm", "blocks.{}.attn.k_norm", "blocks.{}.attn.norm", "blocks.{}.attn.proj"),
        .. SameModules("blocks.{}.norm2", "blocks.{}.mlp.norm", "blocks.{}.mlp.fc2", "norm", "fc_norm"),
        .. SameModules("attn_pool.q", "attn_pool.kv", "attn_pool.proj", "attn_pool.norm", "attn_pool.mlp.fc1", "attn_pool.mlp.fc2"),
        .. SameModules("pre_logits.fc", "head", "head_dist"),
    ];

    private static IEnumerable<NameRule> Same(params string[] names) => names.Select(name => Tensor(name, name));

    private static IEnumerable<NameRule> SameModules(params string[] names) => names.SelectMany(name => Module(name, name));
}

/// <summary>
/// The network's own names, as used in this library's ONNX files: timm's names, for parts that timm has in different classes as well.
/// </summary>
internal static class LibraryLayout
{
    internal static CheckpointLayout Layout { get; } = new()
    {
        Name = "Microsoft.ML.VisionTransformer",
        Rules =
        [
            .. TimmLayouts.Vit.Rules,
            NameRules.Tensor("blocks.{}.attn.q_bias", "blocks.{}.attn.q_bias"),
            NameRules.Tensor("blocks.{}.attn.v_bias", "blocks.{}.attn.v_bias"),
        ],
    };
}
