// Presets of SigLIP's image towers of fixed size, with their attention pool (map) or the mean of the tokens (gap).
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>arXiv:2303.15343, arXiv:2502.14786; so400m's shape is that of arXiv:2305.13035. Which of them have the tanh GELU is timm's choice.</summary>
internal static class SiglipPresets
{
    private static readonly PresetFamily _map = new(new() { ClassToken = false, Pooling = TokenPooling.Attention });
    private static readonly PresetFamily _mapTanh = _map.With(parts => parts with { Activation = MlpActivation.GeluTanh });
    private static readonly PresetFamily _mapShape = _map.With(parts => parts with { MlpRatio = 3.7362 });
    private static readonly PresetFamily _mapShapeTanh = _mapTanh.With(parts => parts with { MlpRatio = 3.7362 });
    private static readonly PresetFamily _gap = new(new() { ClassToken = false, Pooling = TokenPooling.Average, NormAfterPooling = false });
    private static readonly PresetFamily _gapTanh = _gap.With(parts => parts with { Activation = MlpActivation.GeluTanh });
    private static readonly PresetFamily _gapShape = _gap.With(parts => parts with { MlpRatio = 3.7362 });
    private static readonly PresetFamily _gapShapeTanh = _gapTanh.With(parts => parts with { MlpRatio = 3.7362 });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _mapTanh.Preset("vit_base_patch32_siglip_256", 256, 32, 768, 12, 12, 0),
        _map.Preset("vit_base_patch16_siglip_224", 224, 16, 768, 12, 12, 0),
        _map.Preset("vit_base_patch16_siglip_256", 256, 16, 768, 12, 12, 0),
        _map.Preset("vit_base_patch16_siglip_384", 384, 16, 768, 12, 12, 0),
        _map.Preset("vit_base_patch16_siglip_512", 512, 16, 768, 12, 12, 0),
        _map.Preset("vit_large_patch16_siglip_256", 256, 16, 1024, 24, 16, 0),
        _map.Preset("vit_large_patch16_siglip_384", 384, 16, 1024, 24, 16, 0),
        _mapTanh.Preset("vit_large_patch16_siglip_512", 512, 16, 1024, 24, 16, 0),
        _mapShape.Preset("vit_so400m_patch14_siglip_224", 224, 14, 1152, 27, 16, 0),
        _mapShape.Preset("vit_so400m_patch14_siglip_378", 378, 14, 1152, 27, 16, 0, (1000, "webli_ft_in1k")),
        _mapShape.Preset("vit_so400m_patch14_siglip_384", 384, 14, 1152, 27, 16, 0),
        _mapShapeTanh.Preset("vit_so400m_patch16_siglip_256", 256, 16, 1152, 27, 16, 0),
        _mapShapeTanh.Preset("vit_so400m_patch16_siglip_384", 384, 16, 1152, 27, 16, 0),
        _mapShapeTanh.Preset("vit_so400m_patch16_siglip_512", 512, 16, 1152, 27, 16, 0),
        _mapTanh.Preset("vit_giantopt_patch16_siglip_256", 256, 16, 1536, 40, 16, 0),
        _mapTanh.Preset("vit_giantopt_patch16_siglip_384", 384, 16, 1536, 40, 16, 0),
        _gapTanh.Preset("vit_base_patch32_siglip_gap_256", 256, 32, 768, 12, 12, 0),
        _gap.Preset("vit_base_patch16_siglip_gap_224", 224, 16, 768, 12, 12, 0),
        _gap.Preset("vit_base_patch16_siglip_gap_256", 256, 16, 768, 12, 12, 0),
        _gap.Preset("vit_base_patch16_siglip_gap_384", 384, 16, 768, 12, 12, 0),
        _gap.Preset("vit_base_patch16_siglip_gap_512", 512, 16, 768, 12, 12, 0),
        _gap.Preset("vit_large_patch16_siglip_gap_256", 256, 16, 1024, 24, 16, 0),
        _gap.Preset("vit_large_patch16_siglip_gap_384", 384, 16, 1024, 24, 16, 0),
        _gapTanh.Preset("vit_large_patch16_siglip_gap_512", 512, 16, 1024, 24, 16, 0),
        _gapShape.Preset("vit_so400m_patch14_siglip_gap_224", 224, 14, 1152, 27, 16, 0),
        _gapShape.Preset("vit_so400m_patch14_siglip_gap_378", 378, 14, 1152, 27, 16, 0, (1000, "webli_ft_in1k")),
        _gapShape.Preset("vit_so400m_patch14_siglip_gap_384", 384, 14, 1152, 27, 16, 0),
        _gapShape.Preset("vit_so400m_patch14_siglip_gap_448", 448, 14, 1152, 27, 16, 0),
        _gapShape.Preset("vit_so400m_patch14_siglip_gap_896", 896, 14, 1152, 27, 16, 0),
        _gapShapeTanh.Preset("vit_so400m_patch16_siglip_gap_256", 256, 16, 1152, 27, 16, 0),
        _gapShapeTanh.Preset("vit_so400m_patch16_siglip_gap_384", 384, 16, 1152, 27, 16, 0),
        _gapShapeTanh.Preset("vit_so400m_patch16_siglip_gap_512", 512, 16, 1152, 27, 16, 0),
        _gapTanh.Preset("vit_giantopt_patch16_siglip_gap_256", 256, 16, 1536, 40, 16, 0),
        _gapTanh.Preset("vit_giantopt_patch16_siglip_gap_384", 384, 16, 1536, 40, 16, 0),
    ];
}
