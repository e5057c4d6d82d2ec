// Presets of DeiT, with and without distillation token, and of DeiT-3.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>DeiT: arXiv:2012.12877. DeiT-3: arXiv:2204.07118.</summary>
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
