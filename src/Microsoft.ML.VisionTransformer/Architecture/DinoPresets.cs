// Presets of DINOv2, DINOv3 and networks of the same form.

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>Presets of DINOv2 (arXiv:2304.07193, registers arXiv:2309.16588) and TIPSv2. timm's ratio 5.33334 counts both halves of the SwiGLU.</summary>
internal static class Dinov2Presets
{
    private static readonly PresetFamily _dinov2 = new(new() { LayerScale = 1e-5 });
    private static readonly PresetFamily _dinov2Giant = _dinov2.With(parts => parts with { Mlp = MlpKind.SwiGlu, MlpRatio = 5.33334 / 2 });
    private static readonly PresetFamily _registers = _dinov2.With(parts => parts with { RegisterTokens = 4, PositionsCoverPrefix = false });
    private static readonly PresetFamily _registersGiant = _dinov2Giant.With(parts => parts with { RegisterTokens = 4, PositionsCoverPrefix = false });
    private static readonly PresetFamily _tips = new(new() { RegisterTokens = 1, PositionsCoverPrefix = false, LayerScale = 1 });
    private static readonly PresetFamily _tipsShape = _tips.With(parts => parts with { MlpRatio = 4304.0 / 1152 });
    private static readonly PresetFamily _tipsGiant = _tips.With(parts => parts with { Mlp = MlpKind.SwiGlu, MlpRatio = 5.33334 / 2 });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _dinov2.Preset("vit_small_patch14_dinov2", 518, 14, 384, 12, 6, 0),
        _dinov2.Preset("vit_base_patch14_dinov2", 518, 14, 768, 12, 12, 0),
        _dinov2.Preset("vit_large_patch14_dinov2", 518, 14, 1024, 24, 16, 0),
        _dinov2Giant.Preset("vit_giant_patch14_dinov2", 518, 14, 1536, 40, 24, 0),
        _registers.Preset("vit_small_patch14_reg4_dinov2", 518, 14, 384, 12, 6, 0),
        _registers.Preset("vit_base_patch14_reg4_dinov2", 518, 14, 768, 12, 12, 0),
        _registers.Preset("vit_large_patch14_reg4_dinov2", 518, 14, 1024, 24, 16, 0),
        _registersGiant.Preset("vit_giant_patch14_reg4_dinov2", 518, 14, 1536, 40, 24, 0),
        _tips.Preset("vit_base_patch14_reg1_tipsv2", 448, 14, 768, 12, 12, 0),
        _tips.Preset("vit_large_patch14_reg1_tipsv2", 448, 14, 1024, 24, 16, 0),
        _tipsShape.Preset("vit_so400m_patch14_reg1_tipsv2", 448, 14, 1152, 27, 16, 0),
        _tipsGiant.Preset("vit_giant_patch14_reg1_tipsv2", 448, 14, 1536, 40, 24, 0),
    ];
}

/// <summary>
/// Presets with rotary positions instead of learned ones: DINOv3 (arXiv:2508.10104) and timm's own. For DINOv3, timm pools the mean of the patch tokens
/// after the final norm, while the authors use the class token.
/// </summary>
internal static class Dinov3Presets
{
    private static readonly PresetFamily _rotary1 = new(
        new()
        {
            ClassToken = false,
            RegisterTokens = 1,
            PositionEmbedding = PositionEmbedding.None,
            Rotary = EvaPresets.Rotary,
            KeyBias = false,
            LayerScale = 1e-5,
            Pooling = TokenPooling.Average,
        },
        TimmFamily.Eva);
    private static readonly PresetFamily _rotary1Unbiased = _rotary1.With(parts => parts with { QkvBias = false });
    private static readonly PresetFamily _rotary4 = _rotary1.With(parts => parts with { RegisterTokens = 4 });

    private static readonly PresetFamily _dinov3Biased = new(
        new()
        {
            RegisterTokens = 4,
            PositionEmbedding = PositionEmbedding.None,
            Rotary = new() { Layout = RotaryLayout.Dinov3, Temperature = 100 },
            KeyBias = false,
            LayerScale = 1e-5,
            Pooling = TokenPooling.Average,
            NormAfterPooling = false,
            NormEpsilon = 1e-5,
        },
        TimmFamily.Eva);
    private static readonly PresetFamily _dinov3 = _dinov3Biased.With(parts => parts with { QkvBias = false });
    private static readonly PresetFamily _dinov3PlusBiased = _dinov3Biased.With(parts => parts with { Mlp = MlpKind.SwiGlu, MlpWidthMultiple = 8 });
    private static readonly PresetFamily _dinov3Plus = _dinov3PlusBiased.With(parts => parts with { QkvBias = false });
    private static readonly PresetFamily _dinov3Largest = _dinov3Plus.With(parts => parts with { MlpRatio = 2, MlpWidthMultiple = 64 });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _rotary1.Preset("vit_medium_patch16_rope_reg1_gap_256", 256, 16, 512, 12, 8, 1000),
        _rotary1Unbiased.Preset("vit_mediumd_patch16_rope_reg1_gap_256", 256, 16, 512, 20, 8, 1000),
        _rotary4.Preset("vit_betwixt_patch16_rope_reg4_gap_256", 256, 16, 640, 12, 10, 1000),
        _rotary1.Preset("vit_base_patch16_rope_reg1_gap_256", 256, 16, 768, 12, 12, 1000),
        _dinov3Biased.Preset("vit_tiny_patch16_dinov3_qkvb", 256, 16, 192, 12, 3, 0),
        _dinov3.Preset("vit_small_patch16_dinov3", 256, 16, 384, 12, 6, 0),
        _dinov3Biased.Preset("vit_small_patch16_dinov3_qkvb", 256, 16, 384, 12, 6, 0),
        _dinov3Plus.Preset("vit_small_plus_patch16_dinov3", 256, 16, 384, 12, 6, 0),
        _dinov3PlusBiased.Preset("vit_small_plus_patch16_dinov3_qkvb", 256, 16, 384, 12, 6, 0),
        _dinov3.Preset("vit_base_patch16_dinov3", 256, 16, 768, 12, 12, 0),
        _dinov3Biased.Preset("vit_base_patch16_dinov3_qkvb", 256, 16, 768, 12, 12, 0),
        _dinov3.Preset("vit_large_patch16_dinov3", 256, 16, 1024, 24, 16, 0),
        _dinov3Biased.Preset("vit_large_patch16_dinov3_qkvb", 256, 16, 1024, 24, 16, 0),
        _dinov3Plus.Preset("vit_huge_plus_patch16_dinov3", 256, 16, 1280, 32, 20, 0),
        _dinov3PlusBiased.Preset("vit_huge_plus_patch16_dinov3_qkvb", 256, 16, 1280, 32, 20, 0),
        _dinov3Largest.Preset("vit_7b_patch16_dinov3", 256, 16, 4096, 40, 32, 0),
    ];
}
