// Presets of CLIP's image towers.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>arXiv:2103.00020. Classes is the width of the space shared with the text tower, where the head is the projection into it.</summary>
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
