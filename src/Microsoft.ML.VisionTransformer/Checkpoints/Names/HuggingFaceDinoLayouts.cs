// Names of Hugging Face's DINOv2 and DINOv3 models.
using static Microsoft.ML.VisionTransformer.Checkpoints.NameRules;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
    /// <c>Dinov2WithRegistersForImageClassification</c> and <c>Dinov2WithRegistersModel</c>. Their position table has an entry for the class token and none for
    /// the registers; as in timm it is added to the class token.
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
