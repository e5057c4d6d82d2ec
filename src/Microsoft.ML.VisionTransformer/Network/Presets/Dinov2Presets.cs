// Presets of DINOv2, with and without registers, and of TIPSv2, which has its form.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>arXiv:2304.07193, arXiv:2309.16588. timm counts both halves of the SwiGLU in its ratio 5.33334.</summary>
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
