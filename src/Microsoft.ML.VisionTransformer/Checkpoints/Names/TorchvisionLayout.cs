// Names of torchvision's VisionTransformer.
using static Microsoft.ML.VisionTransformer.Checkpoints.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
