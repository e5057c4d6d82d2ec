// Presets without class token: timm's mean of patch tokens (gap), small and shape-optimised networks, I-JEPA.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>The shapes of so150m follow arXiv:2305.13035, those of I-JEPA arXiv:2301.08243; the others are timm's own.</summary>
internal static class PooledPresets
{
    private static readonly PresetFamily _plain = new(new() { ClassToken = false, Pooling = TokenPooling.Average, NormAfterPooling = false });
    private static readonly PresetFamily _giant = _plain.With(parts => parts with { MlpRatio = 6144.0 / 1408 });
    private static readonly PresetFamily _unbiased = _plain.With(parts => parts with { QkvBias = false, LayerScale = 1e-6 });
    private static readonly PresetFamily _so150m = _plain.With(parts => parts with { RegisterTokens = 4, MlpRatio = 2.572 });
    private static readonly PresetFamily _so150mMap = _so150m.With(parts => parts with { Pooling = TokenPooling.Attention, NormAfterPooling = null });

    private static readonly PresetFamily _register1 = new(
        new() { ClassToken = false, RegisterTokens = 1, PositionsCoverPrefix = false, LayerScale = 1e-5, Pooling = TokenPooling.Average });
    private static readonly PresetFamily _wee = _register1.With(parts => parts with { MlpRatio = 5 });
    private static readonly PresetFamily _little1 = _register1.With(parts => parts with { MlpRatio = 5.6 });
    private static readonly PresetFamily _so150m2 = _register1.With(parts => parts with { PositionsCoverPrefix = true, QkvBias = false, MlpRatio = 34.0 / 13 });
    private static readonly PresetFamily _registers4 = _register1.With(parts => parts with { RegisterTokens = 4 });
    private static readonly PresetFamily _little4 = _registers4.With(parts => parts with { MlpRatio = 5.6 });
    private static readonly PresetFamily _registersUnscaled = _registers4.With(parts => parts with { LayerScale = null });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _unbiased.Preset("vit_medium_patch16_gap_240", 240, 16, 512, 12, 8, 11821),
        _unbiased.Preset("vit_medium_patch16_gap_256", 256, 16, 512, 12, 8, 1000),
        _unbiased.Preset("vit_medium_patch16_gap_384", 384, 16, 512, 12, 8, 1000),
        _unbiased.Preset("vit_betwixt_patch16_gap_256", 256, 16, 640, 12, 10, 1000),
        _plain.Preset("vit_base_patch16_gap_224", 224, 16, 768, 12, 16, 1000),
        _plain.Preset("vit_huge_patch14_gap_224", 224, 14, 1280, 32, 16, 0),
        _plain.Preset("vit_huge_patch16_gap_448", 448, 16, 1280, 32, 16, 0),
        _giant.Preset("vit_giant_patch16_gap_224", 224, 16, 1408, 40, 16, 0),
        _wee.Preset("vit_wee_patch16_reg1_gap_256", 256, 16, 256, 14, 4, 1000),
        _little1.Preset("vit_little_patch16_reg1_gap_256", 256, 16, 320, 14, 5, 1000, (11821, "sbb_in12k")),
        _little4.Preset("vit_little_patch16_reg4_gap_256", 256, 16, 320, 14, 5, 1000),
        _register1.Preset("vit_medium_patch16_reg1_gap_256", 256, 16, 512, 12, 8, 1000),
        _registers4.Preset("vit_medium_patch16_reg4_gap_256", 256, 16, 512, 12, 8, 1000, (11821, "sbb_in12k")),
        _registers4.Preset("vit_mediumd_patch16_reg4_gap_256", 256, 16, 512, 20, 8, 1000, (11821, "sbb2_e200_in12k sbb_in12k")),
        _registers4.Preset("vit_mediumd_patch16_reg4_gap_384", 384, 16, 512, 20, 8, 1000),
        _register1.Preset("vit_betwixt_patch16_reg1_gap_256", 256, 16, 640, 12, 10, 1000),
        _registers4.Preset("vit_betwixt_patch16_reg4_gap_256", 256, 16, 640, 12, 10, 1000, (11821, "sbb2_e200_in12k sbb_in12k")),
        _registers4.Preset("vit_betwixt_patch16_reg4_gap_384", 384, 16, 640, 12, 10, 1000),
        _registersUnscaled.Preset("vit_base_patch16_reg4_gap_256", 256, 16, 768, 12, 12, 1000),
        _so150mMap.Preset("vit_so150m_patch16_reg4_map_256", 256, 16, 896, 18, 14, 1000),
        _so150m.Preset("vit_so150m_patch16_reg4_gap_256", 256, 16, 896, 18, 14, 1000, (11821, "sbb_e250_in12k")),
        _so150m.Preset("vit_so150m_patch16_reg4_gap_384", 384, 16, 896, 18, 14, 1000),
        _so150m2.Preset("vit_so150m2_patch16_reg1_gap_256", 256, 16, 832, 21, 13, 1000, (11821, "sbb_e200_in12k")),
        _so150m2.Preset("vit_so150m2_patch16_reg1_gap_384", 384, 16, 832, 21, 13, 1000),
        _so150m2.Preset("vit_so150m2_patch16_reg1_gap_448", 448, 16, 832, 21, 13, 1000),
    ];
}
