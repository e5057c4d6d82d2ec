// Names of OpenAI's CLIP and of OpenCLIP.
using static Microsoft.ML.VisionTransformer.Checkpoints.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class OpenClipLayout
{
    private const string Block = "visual.transformer.resblocks.{}.";

    /// <summary>The image tower, <c>visual.*</c>; the text tower beside it is ignored. The projection is stored transposed and has no bias.</summary>
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
