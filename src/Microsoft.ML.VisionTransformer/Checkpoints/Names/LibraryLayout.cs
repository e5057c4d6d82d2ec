// The names that the network itself has, of every part that it can have.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>What this library's own ONNX files hold: timm's names where timm has them, and parts side by side that timm has in different classes.</summary>
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
