// Presets of the original Vision Transformers and of families that differ from them in a detail.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Sizes are those of arXiv:2010.11929, table 1; tiny and small of arXiv:2012.12877, table 1; giant and gigantic of arXiv:2106.04560.</summary>
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
