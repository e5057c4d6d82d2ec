// Names of Hugging Face's ViT and DeiT models.
using static Microsoft.ML.VisionTransformer.Checkpoints.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class HuggingFaceVitLayouts
{
    /// <summary>Epsilon of the published configurations.</summary>
    private const double PublishedEpsilon = 1e-12;

    /// <summary>Classifiers read the class token itself; a pooler beside one comes from the file that they were trained from.</summary>
    private const string Pooler = "pre_logits.";

    /// <summary>
    /// <c>ViTForImageClassification</c>, and <c>ViTModel</c> without the prefix <c>vit.</c>, whose pooler is a layer with tanh on the normed class token.
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
    /// <c>DeiTForImageClassificationWithTeacher</c>, <c>DeiTForImageClassification</c> and <c>DeiTModel</c>. The latter two have a distillation token that no head
    /// reads, which makes it a register.
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
