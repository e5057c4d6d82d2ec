// Presets of image towers trained with text (CLIP, SigLIP) and of EVA.

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>
/// Presets of CLIP's image towers (arXiv:2103.00020). If the head is the projection into the joint image-text space, the class count is the width of that
/// space.
/// </summary>
internal static class ClipPresets
{
    private static readonly PresetFamily _clip = new(new() { PreNorm = true, PatchBias = false, NormEpsilon = 1e-5 });
    private static readonly PresetFamily _giant = _clip.With(parts => parts with { MlpRatio = 6144.0 / 1408 });
    private static readonly PresetFamily _gigantic = _clip.With(parts => parts with { MlpRatio = 8192.0 / 1664 });
    private static readonly PresetFamily _quick = _clip.With(parts => parts with { Activation = MlpActivation.QuickGelu });
    private static readonly PresetFamily _quickGigantic = _gigantic.With(parts => parts with { Activation = MlpActivation.QuickGelu });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _clip.Preset("vit_xsmall_patch16_clip_224", 224, 16, 256, 10, 4, 512),
        _clip.Preset("vit_medium_patch32_clip_224", 224, 32, 512, 12, 8, 512),
        _clip.Preset("vit_medium_patch16_clip_224", 224, 16, 512, 12, 8, 512),
        _clip.Preset("vit_betwixt_patch32_clip_224", 224, 32, 640, 12, 10, 512),
        _clip.Preset("vit_base_patch32_clip_224", 224, 32, 768, 12, 12, 1000,
            (512, "laion2b laion400m_e32 datacompxl metaclip_2pt5b metaclip_400m openai")),
        _clip.Preset("vit_base_patch32_clip_256", 256, 32, 768, 12, 12, 512),
        _clip.Preset("vit_base_patch32_clip_384", 384, 32, 768, 12, 12, 1000),
        _clip.Preset("vit_base_patch32_clip_448", 448, 32, 768, 12, 12, 1000),
        _clip.Preset("vit_base_patch16_clip_224", 224, 16, 768, 12, 12, 1000,
            (11821, "laion2b_ft_in12k openai_ft_in12k"),
            (512, "laion2b laion400m_e32 datacompxl dfn2b metaclip_2pt5b metaclip_400m openai")),
        _clip.Preset("vit_base_patch16_clip_384", 384, 16, 768, 12, 12, 1000),
        _clip.Preset("vit_base_patch16_plus_clip_240", 240, 16, 896, 12, 14, 640),
        _clip.Preset("vit_large_patch14_clip_224", 224, 14, 1024, 24, 16, 1000,
            (11821, "laion2b_ft_in12k openai_ft_in12k"),
            (768, "laion2b laion400m_e32 datacompxl dfn2b_s39b dfn2b metaclip_2pt5b metaclip_400m openai apple_mclip2_dfndr2b")),
        _clip.Preset("vit_large_patch14_clip_336", 336, 14, 1024, 24, 16, 1000, (768, "openai")),
        _clip.Preset("vit_huge_patch14_clip_224", 224, 14, 1280, 32, 16, 1000,
            (11821, "laion2b_ft_in12k"),
            (1024, "laion2b dfn5b metaclip2_worldwide metaclip_2pt5b metaclip_altogether")),
        _clip.Preset("vit_huge_patch14_clip_336", 336, 14, 1280, 32, 16, 1000),
        _clip.Preset("vit_huge_patch14_clip_378", 378, 14, 1280, 32, 16, 1024),
        _giant.Preset("vit_giant_patch14_clip_224", 224, 14, 1408, 40, 16, 1024),
        _gigantic.Preset("vit_gigantic_patch14_clip_224", 224, 14, 1664, 48, 16, 1280),
        _gigantic.Preset("vit_gigantic_patch14_clip_378", 378, 14, 1664, 48, 16, 1280),
        _quick.Preset("vit_base_patch32_clip_quickgelu_224", 224, 32, 768, 12, 12, 512),
        _quick.Preset("vit_base_patch16_clip_quickgelu_224", 224, 16, 768, 12, 12, 512),
        _quick.Preset("vit_large_patch14_clip_quickgelu_224", 224, 14, 1024, 24, 16, 768),
        _quick.Preset("vit_large_patch14_clip_quickgelu_336", 336, 14, 1024, 24, 16, 768),
        _quick.Preset("vit_huge_patch14_clip_quickgelu_224", 224, 14, 1280, 32, 16, 1024),
        _quick.Preset("vit_huge_patch14_clip_quickgelu_378", 378, 14, 1280, 32, 16, 1024),
        _quickGigantic.Preset("vit_gigantic_patch14_clip_quickgelu_224", 224, 14, 1664, 48, 16, 1280),
    ];
}

/// <summary>
/// Presets of SigLIP's fixed-size image towers (arXiv:2303.15343, arXiv:2502.14786), with their attention pool (map) or the mean of the tokens (gap). The
/// shape of so400m is from arXiv:2305.13035. The choice between exact and tanh GELU follows timm.
/// </summary>
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

/// <summary>Presets of EVA (arXiv:2211.07636), EVA-02 (arXiv:2303.11331) and their CLIP image towers (arXiv:2303.15389).</summary>
internal static class EvaPresets
{
    /// <summary>Positions are scaled to the 16 x 16 grid of the pretraining at 224 pixels.</summary>
    internal static readonly RotaryEmbedding Rotary = new() { ReferenceGrid = 16 };

    private static readonly PresetFamily _eva = new(
        new() { KeyBias = false, MlpRatio = 6144.0 / 1408, Pooling = TokenPooling.Average }, TimmFamily.Eva);
    private static readonly PresetFamily _evaClip = _eva.With(parts => parts with { Pooling = TokenPooling.ClassToken });
    private static readonly PresetFamily _eva02Packed = new(
        new() { Rotary = Rotary, KeyBias = false, Mlp = MlpKind.SwiGlu, MlpRatio = 8.0 / 3, Pooling = TokenPooling.Average }, TimmFamily.Eva);
    private static readonly PresetFamily _eva02 = _eva02Packed.With(parts => parts with { MlpNorm = true }) with { SplitQkv = true };
    private static readonly PresetFamily _eva02Clip = _eva02.With(parts => parts with { AttentionNorm = true, Pooling = TokenPooling.ClassToken });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _eva.Preset("eva_giant_patch14_224", 224, 14, 1408, 40, 16, 1000),
        _eva.Preset("eva_giant_patch14_336", 336, 14, 1408, 40, 16, 1000),
        _eva.Preset("eva_giant_patch14_560", 560, 14, 1408, 40, 16, 1000),
        _eva02Packed.Preset("eva02_tiny_patch14_224", 224, 14, 192, 12, 3, 0),
        _eva02Packed.Preset("eva02_small_patch14_224", 224, 14, 384, 12, 6, 0),
        _eva02.Preset("eva02_base_patch14_224", 224, 14, 768, 12, 12, 0),
        _eva02.Preset("eva02_large_patch14_224", 224, 14, 1024, 24, 16, 0),
        _eva02Packed.Preset("eva02_tiny_patch14_336", 336, 14, 192, 12, 3, 1000),
        _eva02Packed.Preset("eva02_small_patch14_336", 336, 14, 384, 12, 6, 1000),
        _eva02.Preset("eva02_base_patch14_448", 448, 14, 768, 12, 12, 1000, (21841, "mim_in22k_ft_in22k")),
        _eva02.Preset("eva02_large_patch14_448", 448, 14, 1024, 24, 16, 1000, (21841, "mim_in22k_ft_in22k mim_m38m_ft_in22k")),
        _evaClip.Preset("eva_giant_patch14_clip_224", 224, 14, 1408, 40, 16, 1024),
        _eva02Clip.Preset("eva02_base_patch16_clip_224", 224, 16, 768, 12, 12, 512),
        _eva02Clip.Preset("eva02_large_patch14_clip_224", 224, 14, 1024, 24, 16, 768),
        _eva02Clip.Preset("eva02_large_patch14_clip_336", 336, 14, 1024, 24, 16, 768),
    ];
}
