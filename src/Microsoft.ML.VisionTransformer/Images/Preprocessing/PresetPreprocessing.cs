// timm's preprocessing settings of each preset, as a table.
using Microsoft.ML.VisionTransformer.Architecture;

namespace Microsoft.ML.VisionTransformer.Images.Preprocessing;

/// <summary>
/// timm 1.0.29's <c>default_cfgs</c>: mean, standard deviation, crop fraction, crop mode and kernel by name, and by name and tag where a tag differs.
/// </summary>
internal static class PresetPreprocessing
{
    private static readonly ImagePreprocessing _half = new();
    private static readonly ImagePreprocessing _imageNet = new() { Mean = new(0.485f, 0.456f, 0.406f), StandardDeviation = new(0.229f, 0.224f, 0.225f) };

    private static readonly ImagePreprocessing _clip = new()
    {
        Mean = new(0.48145466f, 0.4578275f, 0.40821073f),
        StandardDeviation = new(0.26862954f, 0.26130258f, 0.27577711f),
    };

    private static readonly ImagePreprocessing _raw = new() { Mean = new(0f, 0f, 0f), StandardDeviation = new(1f, 1f, 1f) };
    private static readonly ImagePreprocessing _satellite = new() { Mean = new(0.43f, 0.411f, 0.296f), StandardDeviation = new(0.213f, 0.156f, 0.143f) };

    private static readonly (ImagePreprocessing Settings, string Names)[] _table =
    [
        (_half, """
            vit_tiny_patch16_224 vit_small_patch32_224 vit_small_patch16_224 vit_base_patch32_224 vit_base_patch16_224 vit_base_patch8_224
            vit_large_patch32_224 vit_large_patch16_224 vit_large_patch14_224 vit_huge_patch14_224 vit_giant_patch14_224
            vit_gigantic_patch14_224 vit_base_patch16_gap_224 vit_small_patch16_36x1_224 vit_base_patch32_siglip_256
            vit_base_patch16_siglip_224 vit_base_patch16_siglip_256 vit_base_patch16_siglip_384 vit_base_patch16_siglip_512
            vit_large_patch16_siglip_256 vit_large_patch16_siglip_384 vit_large_patch16_siglip_512 vit_so400m_patch14_siglip_224
            vit_so400m_patch14_siglip_378 vit_so400m_patch14_siglip_384 vit_so400m_patch16_siglip_256 vit_so400m_patch16_siglip_384
            vit_so400m_patch16_siglip_512 vit_giantopt_patch16_siglip_256 vit_giantopt_patch16_siglip_384 vit_base_patch32_siglip_gap_256
            vit_base_patch16_siglip_gap_224 vit_base_patch16_siglip_gap_256 vit_base_patch16_siglip_gap_384 vit_base_patch16_siglip_gap_512
            vit_large_patch16_siglip_gap_256 vit_large_patch16_siglip_gap_384 vit_large_patch16_siglip_gap_512
            vit_so400m_patch14_siglip_gap_224 vit_so400m_patch14_siglip_gap_378 vit_so400m_patch16_siglip_gap_256
            vit_so400m_patch16_siglip_gap_384 vit_so400m_patch16_siglip_gap_512 vit_giantopt_patch16_siglip_gap_256
            vit_giantopt_patch16_siglip_gap_384 vit_base_patch16_reg4_gap_256 vit_so150m_patch16_reg4_map_256
            """),
        (_half with { CropFraction = 0.95 }, """
            vit_medium_patch16_gap_240 vit_medium_patch16_gap_256 vit_betwixt_patch16_gap_256 vit_base_patch32_plus_256
            vit_base_patch16_plus_240 flexivit_small flexivit_base flexivit_large vit_wee_patch16_reg1_gap_256 vit_little_patch16_reg1_gap_256
            vit_little_patch16_reg4_gap_256 vit_medium_patch16_reg1_gap_256 vit_medium_patch16_reg4_gap_256 vit_mediumd_patch16_reg4_gap_256
            vit_betwixt_patch16_reg1_gap_256 vit_betwixt_patch16_reg4_gap_256 vit_so150m_patch16_reg4_gap_256 test_vit test_vit2
            vit_medium_patch16_rope_reg1_gap_256 vit_mediumd_patch16_rope_reg1_gap_256 vit_base_patch16_rope_reg1_gap_256
            """),
        (_half with { CropFraction = 0.95, Resizing = ImageResizing.Squash }, """
            vit_medium_patch16_gap_384
            """),
        (_half with { CropFraction = 1 }, """
            vit_tiny_patch16_384 vit_small_patch32_384 vit_small_patch16_384 vit_base_patch32_384 vit_base_patch16_384 vit_large_patch32_384
            vit_large_patch16_384 vit_large_patch14_clip_224 vit_so400m_patch14_siglip_gap_378.webli vit_so400m_patch14_siglip_gap_384
            vit_so400m_patch14_siglip_gap_448 vit_so400m_patch14_siglip_gap_896 vit_mediumd_patch16_reg4_gap_384
            vit_betwixt_patch16_reg4_gap_384 vit_so150m_patch16_reg4_gap_384 vit_so150m2_patch16_reg1_gap_256 vit_so150m2_patch16_reg1_gap_384
            """),
        (_half with { CropFraction = 1, Resizing = ImageResizing.Squash }, """
            vit_large_patch14_clip_336 vit_so400m_patch14_siglip_378.webli_ft_in1k vit_so400m_patch14_siglip_gap_378.webli_ft_in1k
            vit_so150m2_patch16_reg1_gap_448
            """),
        (_imageNet, """
            vit_small_patch16_224.dino vit_small_patch8_224 vit_base_patch16_224.dino vit_base_patch16_224.mae vit_base_patch8_224.dino
            vit_large_patch16_224.mae vit_huge_patch14_224.mae vit_huge_patch14_gap_224 vit_giant_patch16_gap_224 deit_tiny_patch16_224
            deit_small_patch16_224 deit_base_patch16_224 deit_tiny_distilled_patch16_224 deit_small_distilled_patch16_224
            deit_base_distilled_patch16_224 deit3_small_patch16_224 deit3_medium_patch16_224 deit3_base_patch16_224 deit3_large_patch16_224
            deit3_huge_patch14_224
            """),
        (_imageNet with { CropFraction = 1 }, """
            vit_huge_patch16_gap_448 vit_small_patch14_dinov2 vit_base_patch14_dinov2 vit_large_patch14_dinov2 vit_giant_patch14_dinov2
            vit_small_patch14_reg4_dinov2 vit_base_patch14_reg4_dinov2 vit_large_patch14_reg4_dinov2 vit_giant_patch14_reg4_dinov2
            beit3_base_patch16_224 beit3_large_patch16_224 beit3_giant_patch14_224 beit3_giant_patch14_336 deit_base_patch16_384
            deit_base_distilled_patch16_384 deit3_small_patch16_224.fb_in22k_ft_in1k deit3_small_patch16_384
            deit3_medium_patch16_224.fb_in22k_ft_in1k deit3_base_patch16_224.fb_in22k_ft_in1k deit3_base_patch16_384
            deit3_large_patch16_224.fb_in22k_ft_in1k deit3_large_patch16_384 deit3_huge_patch14_224.fb_in22k_ft_in1k
            vit_tiny_patch16_dinov3_qkvb vit_small_patch16_dinov3 vit_small_patch16_dinov3_qkvb vit_small_plus_patch16_dinov3
            vit_small_plus_patch16_dinov3_qkvb vit_base_patch16_dinov3 vit_base_patch16_dinov3_qkvb vit_large_patch16_dinov3
            vit_large_patch16_dinov3_qkvb vit_huge_plus_patch16_dinov3 vit_huge_plus_patch16_dinov3_qkvb vit_7b_patch16_dinov3
            """),
        (_imageNet with { CropFraction = 1, Resizing = ImageResizing.Squash }, """
            eva_giant_patch14_336.m30m_ft_in22k_in1k eva_giant_patch14_560
            """),
        (_clip, """
            vit_xsmall_patch16_clip_224 vit_medium_patch32_clip_224 vit_medium_patch16_clip_224 vit_betwixt_patch32_clip_224
            vit_base_patch32_clip_224 vit_base_patch16_clip_224.openai_ft_in1k vit_base_patch16_clip_224.laion2b_ft_in12k
            vit_base_patch16_clip_224.openai_ft_in12k vit_base_patch16_clip_224.openai vit_base_patch32_clip_quickgelu_224
            vit_base_patch16_clip_quickgelu_224.openai eva_giant_patch14_224 eva02_tiny_patch14_224 eva02_small_patch14_224
            eva02_base_patch14_224 eva02_large_patch14_224 eva_giant_patch14_clip_224 eva02_base_patch16_clip_224 eva02_large_patch14_clip_224
            """),
        (_clip with { CropFraction = 0.95 }, """
            vit_base_patch16_clip_224 vit_betwixt_patch16_rope_reg4_gap_256
            """),
        (_clip with { CropFraction = 0.95, Resizing = ImageResizing.Squash }, """
            vit_base_patch32_clip_384.openai_ft_in12k_in1k vit_base_patch16_clip_384.openai_ft_in12k_in1k
            """),
        (_clip with { CropFraction = 1 }, """
            vit_base_patch32_clip_224.datacompxl vit_base_patch32_clip_224.metaclip_2pt5b vit_base_patch32_clip_224.metaclip_400m
            vit_base_patch32_clip_256 vit_base_patch32_clip_384 vit_base_patch32_clip_448 vit_base_patch16_clip_224.laion2b_ft_in1k
            vit_base_patch16_clip_224.laion2b vit_base_patch16_clip_224.laion400m_e32 vit_base_patch16_clip_224.datacompxl
            vit_base_patch16_clip_224.dfn2b vit_base_patch16_clip_224.metaclip_2pt5b vit_base_patch16_clip_224.metaclip_400m
            vit_base_patch16_plus_clip_240 vit_large_patch14_clip_224.openai_ft_in12k_in1k vit_large_patch14_clip_224.openai_ft_in1k
            vit_large_patch14_clip_224.openai_ft_in12k vit_large_patch14_clip_224.laion400m_e32 vit_large_patch14_clip_224.datacompxl
            vit_large_patch14_clip_224.dfn2b_s39b vit_large_patch14_clip_224.dfn2b vit_large_patch14_clip_224.metaclip_2pt5b
            vit_large_patch14_clip_224.metaclip_400m vit_large_patch14_clip_224.openai vit_large_patch14_clip_224.apple_mclip2_dfndr2b
            vit_large_patch14_clip_336.openai vit_huge_patch14_clip_224 vit_huge_patch14_clip_378 vit_giant_patch14_clip_224
            vit_gigantic_patch14_clip_224 vit_base_patch32_clip_quickgelu_224.metaclip_2pt5b vit_base_patch32_clip_quickgelu_224.metaclip_400m
            vit_base_patch16_clip_quickgelu_224 vit_large_patch14_clip_quickgelu_224 vit_large_patch14_clip_quickgelu_336
            vit_huge_patch14_clip_quickgelu_224 vit_huge_patch14_clip_quickgelu_378 vit_gigantic_patch14_clip_quickgelu_224
            eva_large_patch14_196 eva02_tiny_patch14_336 eva02_small_patch14_336 eva02_base_patch14_448.mim_in22k_ft_in1k
            eva02_large_patch14_448.mim_in22k_ft_in1k eva02_large_patch14_448.mim_m38m_ft_in1k eva02_large_patch14_clip_336
            """),
        (_clip with { CropFraction = 1, Resizing = ImageResizing.Squash }, """
            vit_base_patch16_clip_384 vit_large_patch14_clip_336.openai_ft_in12k_in1k vit_huge_patch14_clip_336
            vit_huge_patch14_clip_378.metaclip2_worldwide vit_gigantic_patch14_clip_378 eva_large_patch14_336 eva_giant_patch14_336
            eva02_base_patch14_448 eva02_large_patch14_448
            """),
        (_raw with { CropFraction = 0.875, Interpolation = ImageInterpolation.Bilinear }, """
            vit_base_patch16_224_miil
            """),
        (_raw with { CropFraction = 1 }, """
            vit_base_patch14_reg1_tipsv2 vit_large_patch14_reg1_tipsv2 vit_so400m_patch14_reg1_tipsv2 vit_giant_patch14_reg1_tipsv2
            """),
        (_satellite with { CropFraction = 1 }, """
            vit_large_patch16_dinov3.sat493m vit_large_patch16_dinov3_qkvb.sat493m vit_7b_patch16_dinov3.sat493m
            """),
    ];

    private static readonly Dictionary<string, ImagePreprocessing> _settings = _table
        .SelectMany(row => row.Names.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(name => (name, row.Settings)))
        .ToDictionary(pair => pair.name, pair => pair.Settings, StringComparer.Ordinal);

    /// <summary>Settings for a name with or without prefix and tag, for three channels at 224 pixels; null for an unknown name.</summary>
    internal static ImagePreprocessing? Find(string name)
    {
        var (bare, tag) = ArchitecturePresets.Split(name);
        return _settings.GetValueOrDefault($"{bare}.{tag}") ?? _settings.GetValueOrDefault(bare);
    }
}
