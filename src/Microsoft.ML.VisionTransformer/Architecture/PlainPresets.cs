// Presets of supervised networks: the original Vision Transformers, DeiT, and networks without a class token.

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>
/// Presets with a class token. Sizes are from arXiv:2010.11929, table 1; tiny and small from arXiv:2012.12877, table 1; giant and gigantic from
/// arXiv:2106.04560.
/// </summary>
internal static class PlainPresets
{
    private static readonly PresetFamily _vit = new(new());
    private static readonly PresetFamily _giant = new(new() { MlpRatio = 6144.0 / 1408 });
    private static readonly PresetFamily _gigantic = new(new() { MlpRatio = 8192.0 / 1664 });
    private static readonly PresetFamily _noQkvBias = new(new() { QkvBias = false });
    private static readonly PresetFamily _scaled = new(new() { LayerScale = 1e-5 });
    private static readonly PresetFamily _averaged = new(new() { Pooling = TokenPooling.Average });
    private static readonly PresetFamily _flexible = new(new() { PositionsCoverPrefix = false });
    private static readonly PresetFamily _test = new(new() { MlpRatio = 3 });
    private static readonly PresetFamily _testRegister = new(
        new() { ClassToken = false, RegisterTokens = 1, MlpRatio = 3, LayerScale = 1e-5, Pooling = TokenPooling.Average });
    private static readonly PresetFamily _beit3 = new(new() { AttentionNorm = true, MlpNorm = true, Pooling = TokenPooling.Average, NormEpsilon = 1e-5 });
    private static readonly PresetFamily _beit3Giant = new(
        new() { AttentionNorm = true, MlpRatio = 4.3637, MlpNorm = true, Pooling = TokenPooling.Average, NormEpsilon = 1e-5 });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _vit.Preset("vit_tiny_patch16_224", 224, 16, 192, 12, 3, 1000, (21843, "augreg_in21k")),
        _vit.Preset("vit_tiny_patch16_384", 384, 16, 192, 12, 3, 1000),
        _vit.Preset("vit_small_patch32_224", 224, 32, 384, 12, 6, 1000, (21843, "augreg_in21k")),
        _vit.Preset("vit_small_patch32_384", 384, 32, 384, 12, 6, 1000),
        _vit.Preset("vit_small_patch16_224", 224, 16, 384, 12, 6, 1000, (21843, "augreg_in21k"), (0, "dino")),
        _vit.Preset("vit_small_patch16_384", 384, 16, 384, 12, 6, 1000),
        _vit.Preset("vit_small_patch8_224", 224, 8, 384, 12, 6, 0),
        _vit.Preset("vit_base_patch32_224", 224, 32, 768, 12, 12, 1000, (0, "orig_in21k"), (21843, "augreg_in21k")),
        _vit.Preset("vit_base_patch32_384", 384, 32, 768, 12, 12, 1000),
        _vit.Preset("vit_base_patch16_224", 224, 16, 768, 12, 12, 1000, (0, "orig_in21k dino mae"), (21843, "augreg_in21k")),
        _vit.Preset("vit_base_patch16_384", 384, 16, 768, 12, 12, 1000),
        _vit.Preset("vit_base_patch8_224", 224, 8, 768, 12, 12, 1000, (21843, "augreg_in21k"), (0, "dino")),
        _vit.Preset("vit_large_patch32_224", 224, 32, 1024, 24, 16, 0),
        _vit.Preset("vit_large_patch32_384", 384, 32, 1024, 24, 16, 1000),
        _vit.Preset("vit_large_patch16_224", 224, 16, 1024, 24, 16, 1000, (0, "orig_in21k mae"), (21843, "augreg_in21k")),
        _vit.Preset("vit_large_patch16_384", 384, 16, 1024, 24, 16, 1000),
        _vit.Preset("vit_large_patch14_224", 224, 14, 1024, 24, 16, 1000),
        _vit.Preset("vit_huge_patch14_224", 224, 14, 1280, 32, 16, 0, (1000, "untrained")),
        _giant.Preset("vit_giant_patch14_224", 224, 14, 1408, 40, 16, 1000),
        _gigantic.Preset("vit_gigantic_patch14_224", 224, 14, 1664, 48, 16, 1000),
        _noQkvBias.Preset("vit_base_patch16_224_miil", 224, 16, 768, 12, 12, 11221, (1000, "in21k_ft_in1k")),
        _scaled.Preset("vit_base_patch32_plus_256", 256, 32, 896, 12, 14, 1000),
        _scaled.Preset("vit_base_patch16_plus_240", 240, 16, 896, 12, 14, 1000),
        _scaled.Preset("vit_small_patch16_36x1_224", 224, 16, 384, 36, 6, 1000),
        _averaged.Preset("eva_large_patch14_196", 196, 14, 1024, 24, 16, 1000),
        _averaged.Preset("eva_large_patch14_336", 336, 14, 1024, 24, 16, 1000),
        _flexible.Preset("flexivit_small", 240, 16, 384, 12, 6, 1000),
        _flexible.Preset("flexivit_base", 240, 16, 768, 12, 12, 1000, (21843, "1000ep_in21k 300ep_in21k patch16_in21k patch30_in21k")),
        _flexible.Preset("flexivit_large", 240, 16, 1024, 24, 16, 1000),
        _test.Preset("test_vit", 160, 16, 64, 6, 2, 1000),
        _testRegister.Preset("test_vit2", 160, 16, 64, 8, 2, 1000),
        _beit3.Preset("beit3_base_patch16_224", 224, 16, 768, 12, 12, 1000, (0, "pt indomain_pt")),
        _beit3.Preset("beit3_large_patch16_224", 224, 16, 1024, 24, 16, 1000, (0, "pt indomain_pt")),
        _beit3Giant.Preset("beit3_giant_patch14_224", 224, 14, 1408, 40, 16, 1000),
        _beit3Giant.Preset("beit3_giant_patch14_336", 336, 14, 1408, 40, 16, 1000),
    ];
}

/// <summary>Presets of DeiT (arXiv:2012.12877), with and without distillation token, and of DeiT-3 (arXiv:2204.07118).</summary>
internal static class DeitPresets
{
    private static readonly PresetFamily _deit = new(new());
    private static readonly PresetFamily _distilled = new(new() { DistillationToken = true }, TimmFamily.DistilledVisionTransformer);
    private static readonly PresetFamily _deit3 = new(new() { PositionsCoverPrefix = false, LayerScale = 1e-6 });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _deit.Preset("deit_tiny_patch16_224", 224, 16, 192, 12, 3, 1000),
        _deit.Preset("deit_small_patch16_224", 224, 16, 384, 12, 6, 1000),
        _deit.Preset("deit_base_patch16_224", 224, 16, 768, 12, 12, 1000),
        _deit.Preset("deit_base_patch16_384", 384, 16, 768, 12, 12, 1000),
        _distilled.Preset("deit_tiny_distilled_patch16_224", 224, 16, 192, 12, 3, 1000),
        _distilled.Preset("deit_small_distilled_patch16_224", 224, 16, 384, 12, 6, 1000),
        _distilled.Preset("deit_base_distilled_patch16_224", 224, 16, 768, 12, 12, 1000),
        _distilled.Preset("deit_base_distilled_patch16_384", 384, 16, 768, 12, 12, 1000),
        _deit3.Preset("deit3_small_patch16_224", 224, 16, 384, 12, 6, 1000),
        _deit3.Preset("deit3_small_patch16_384", 384, 16, 384, 12, 6, 1000),
        _deit3.Preset("deit3_medium_patch16_224", 224, 16, 512, 12, 8, 1000),
        _deit3.Preset("deit3_base_patch16_224", 224, 16, 768, 12, 12, 1000),
        _deit3.Preset("deit3_base_patch16_384", 384, 16, 768, 12, 12, 1000),
        _deit3.Preset("deit3_large_patch16_224", 224, 16, 1024, 24, 16, 1000),
        _deit3.Preset("deit3_large_patch16_384", 384, 16, 1024, 24, 16, 1000),
        _deit3.Preset("deit3_huge_patch14_224", 224, 14, 1280, 32, 16, 1000),
    ];
}

/// <summary>
/// Presets without a class token: timm's mean of patch tokens (gap), small and shape-optimized networks, I-JEPA. The shapes of so150m follow
/// arXiv:2305.13035, those of I-JEPA arXiv:2301.08243; the others are timm's own.
/// </summary>
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
